#pragma once
// Tally: the lines nginx writes for slipway, as ports::Counts per release. Pure.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "ports/router.h"

namespace slipway::drivers::nginx {

class Tally {
 public:
  // One line of the log format in render.cc; a line that is none is left out.
  void take(std::string_view line);
  ports::Counts counts(const std::string& release) const;

 private:
  struct Sum {
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;
    std::map<std::uint32_t, std::uint64_t> latency_us;
  };
  std::map<std::string, Sum, std::less<>> sums_;
};

// "0.004, 0.250" (one number per attempt) -> 254; -1 when no attempt got an answer. In ms.
std::int64_t sum_ms(std::string_view times);
// Upper bound, in µs, of the bucket for a time: steps of at most an eighth.
std::uint32_t bucket_us(std::int64_t ms);

}  // namespace slipway::drivers::nginx

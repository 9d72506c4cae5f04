#pragma once
// The account: every request ends here exactly once, as ok, as failed, or as an app error.
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "load/histogram.h"
#include "load/ticks.h"

namespace slipway::load {

enum class Failure {
  None,       // an answer came and the app sent it
  Refused,    // no connection could be made
  Lost,       // the connection ended before a byte of the answer
  Truncated,  // … or in the middle of the answer
  Malformed,  // the answer does not follow RFC 9112
  Timeout,    // no whole answer in time
  Gateway,    // a 5xx that does not carry the app's X-Shop-Version
};
constexpr std::size_t kFailureKinds = 7;
std::string_view name_of(Failure failure);

// How one request ended. Times count from the start of the run.
struct Outcome {
  Failure failure = Failure::None;
  int status = 0;
  std::string_view version;  // X-Shop-Version, empty when absent
  std::string_view release;  // X-Slipway-Release
  std::string_view request;  // its first line, for the list of failures
  Nanos scheduled{};
  Nanos sent{};
  Nanos done{};

  bool is_app_error() const { return failure == Failure::None && status >= 500; }
  std::uint64_t latency_us() const;  // from the scheduled time
};

// Counts of everything one version (or release) answered.
struct Share {
  std::uint64_t requests = 0;
  std::uint64_t app_errors = 0;
  Nanos first_seen{-1};
  Nanos last_seen{-1};
  Nanos first_ok{-1};
  Nanos last_ok{-1};
  Nanos last_sent{-1};  // when the last request it answered had been sent
  Histogram latency;

  void add(const Outcome& outcome);
  Json to_json() const;
};

class Tally {
 public:
  void add(const Outcome& outcome);
  std::uint64_t requests() const { return requests_; }
  std::uint64_t failed() const { return requests_ - failures_[0]; }
  std::uint64_t failed(Failure kind) const { return failures_[static_cast<std::size_t>(kind)]; }
  std::uint64_t app_errors() const { return app_errors_; }
  std::uint64_t ok() const { return requests_ - failed() - app_errors_; }
  const Histogram& latency() const { return latency_; }
  const std::map<std::string, Share, std::less<>>& versions() const { return versions_; }
  // "requests=… ok=… failed=… app_errors=… p50_ms=… p95_ms=… p99_ms=… max_ms=…"
  std::string line() const;
  Json to_json() const;

 private:
  using Shares = std::map<std::string, Share, std::less<>>;
  static Share& share_of(Shares& shares, std::string_view name);
  void note_failure(const Outcome& outcome);

  std::uint64_t requests_ = 0;
  std::uint64_t app_errors_ = 0;
  std::array<std::uint64_t, kFailureKinds> failures_{};
  std::array<std::uint64_t, 6> classes_{};  // by first digit of the status
  Histogram latency_;
  Histogram send_lag_;
  Shares versions_;
  Shares releases_;
  std::vector<Json> first_failures_;
};

}  // namespace slipway::load

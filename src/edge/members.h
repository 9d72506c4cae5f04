#pragma once
// Reads the members of one JSON object of the table strictly: unknown members, wrong types and
// values out of range are remembered, the first of them is reported by finish().
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace slipway::edge {

class Members {
 public:
  Members(const Json& json, std::string where);
  void text(const char* key, std::string& out);
  void flag(const char* key, bool& out);
  void texts(const char* key, std::vector<std::string>& out);
  template <class Number>
  void number(const char* key, Number& out, std::int64_t most) {
    std::int64_t value = 0;
    if (whole_number(key, value, most)) out = static_cast<Number>(value);
  }
  void duration(const char* key, Millis& out);
  const Json* take(const char* key);  // nullptr: not there
  void wrong(const char* key, const char* wanted);
  void fail(const std::string& reason);
  Result<void> finish();  // Malformed, with the first mistake

 private:
  bool whole_number(const char* key, std::int64_t& out, std::int64_t most);
  const Json& json_;
  std::string where_;
  std::vector<std::string> known_;
  std::string problem_;
};

}  // namespace slipway::edge

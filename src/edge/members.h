#pragma once
// Reads the members of one JSON object of the table strictly: unknown members, wrong types and
// values out of range are remembered, the first of them is reported by finish().
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace slipway::edge {

class Members {
 public:
  Members(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json.is_object()) fail("it is not an object");
  }

  void text(const char* key, std::string& out) {
    if (const Json* value = take(key))
      value->is_string() ? void(out = value->as_string()) : wrong(key, "a string");
  }
  void flag(const char* key, bool& out) {
    if (const Json* value = take(key))
      value->is_bool() ? void(out = value->as_bool()) : wrong(key, "true or false");
  }
  void texts(const char* key, std::vector<std::string>& out) {
    const Json* value = take(key);
    if (value == nullptr) return;
    out = json_.strings(key);
    if (!value->is_array() || out.size() != value->items().size()) wrong(key, "a list of strings");
  }
  template <class Number>
  void number(const char* key, Number& out, std::int64_t most) {
    const Json* value = take(key);
    if (value == nullptr) return;
    if (!value->is_int() || value->as_int() < 0 || value->as_int() > most)
      return wrong(key, fmt::format("a whole number from 0 to {}", most).c_str());
    out = static_cast<Number>(value->as_int());
  }
  void duration(const char* key, Millis& out) {
    std::int64_t ms = out.count();
    number(key, ms, kLongestMs);
    out = Millis(ms);
  }
  const Json* take(const char* key) {
    known_.emplace_back(key);
    return json_.find(key);
  }
  void wrong(const char* key, const char* wanted) {
    fail(fmt::format("\"{}\" must be {}", key, wanted));
  }
  void fail(const std::string& reason) {
    if (problem_.empty()) problem_ = reason;
  }

  Result<void> finish() {
    for (const Json::Member& member : json_.members()) {
      bool known = false;
      for (const std::string& name : known_) known = known || name == member.first;
      if (!known) fail(fmt::format("\"{}\" is not a member it has", member.first));
    }
    if (problem_.empty()) return ok();
    return Error(Code::Malformed, fmt::format("{}: {}", where_, problem_),
                 "docs/formats/edge-table.md lists the members");
  }

 private:
  static constexpr std::int64_t kLongestMs = 7LL * 24 * 3600 * 1000;
  const Json& json_;
  std::string where_;
  std::vector<std::string> known_;
  std::string problem_;
};

}  // namespace slipway::edge

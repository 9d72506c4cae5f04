#include "edge/members.h"

#include <fmt/format.h>

namespace slipway::edge {
namespace {
constexpr std::int64_t kLongestMs = 7LL * 24 * 3600 * 1000;
}

Members::Members(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
  if (!json.is_object()) fail("it is not an object");
}

void Members::text(const char* key, std::string& out) {
  if (const Json* value = take(key))
    value->is_string() ? void(out = value->as_string()) : wrong(key, "a string");
}

void Members::flag(const char* key, bool& out) {
  if (const Json* value = take(key))
    value->is_bool() ? void(out = value->as_bool()) : wrong(key, "true or false");
}

void Members::texts(const char* key, std::vector<std::string>& out) {
  const Json* value = take(key);
  if (value == nullptr) return;
  out = json_.strings(key);
  if (!value->is_array() || out.size() != value->items().size()) wrong(key, "a list of strings");
}

bool Members::whole_number(const char* key, std::int64_t& out, std::int64_t most) {
  const Json* value = take(key);
  if (value == nullptr) return false;
  if (!value->is_int() || value->as_int() < 0 || value->as_int() > most) {
    wrong(key, fmt::format("a whole number from 0 to {}", most).c_str());
    return false;
  }
  out = value->as_int();
  return true;
}

void Members::duration(const char* key, Millis& out) {
  std::int64_t ms = 0;
  if (whole_number(key, ms, kLongestMs)) out = Millis(ms);
}

const Json* Members::take(const char* key) {
  known_.emplace_back(key);
  return json_.find(key);
}

void Members::wrong(const char* key, const char* wanted) {
  fail(fmt::format("\"{}\" must be {}", key, wanted));
}

void Members::fail(const std::string& reason) {
  if (problem_.empty()) problem_ = reason;
}

Result<void> Members::finish() {
  for (const Json::Member& member : json_.members()) {
    bool known = false;
    for (const std::string& name : known_) known = known || name == member.first;
    if (!known) fail(fmt::format("\"{}\" is not a member it has", member.first));
  }
  if (problem_.empty()) return ok();
  return Error(Code::Malformed, fmt::format("{}: {}", where_, problem_),
               "docs/formats/edge-table.md lists the members");
}

}  // namespace slipway::edge

#include "checks/reading.h"

#include <charconv>

#include "base/text.h"
#include "plan/civil.h"

namespace slipway::checks {
namespace {

// Takes so many digits from the front; -1 when they are not there.
int take_digits(std::string_view& text, std::size_t count) {
  int out = 0;
  if (text.size() < count) return -1;
  const auto read = std::from_chars(text.data(), text.data() + count, out);
  if (read.ec != std::errc() || read.ptr != text.data() + count || text[0] == '-') return -1;
  text.remove_prefix(count);
  return out;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == any_of.npos) return false;
  text.remove_prefix(1);
  return true;
}

// The minutes of "Z", "+01:00", "-0530".
std::optional<int> take_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const int hours = take_digits(text, 2);
  take(text, ":");
  const int minutes = take_digits(text, 2);
  if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59 || !text.empty()) return std::nullopt;
  return sign * (hours * 60 + minutes);
}

std::string_view without_v(std::string_view text) {
  const bool v = text.size() > 1 && text[0] == 'v' && text[1] >= '0' && text[1] <= '9';
  return v ? text.substr(1) : text;
}
}  // namespace

std::optional<std::int64_t> moment_of(std::string_view text) {
  const int year = take_digits(text, 4);
  if (!take(text, "-")) return std::nullopt;
  const int month = take_digits(text, 2);
  if (!take(text, "-")) return std::nullopt;
  const int day = take_digits(text, 2);
  if (!take(text, "Tt ")) return std::nullopt;
  const int hour = take_digits(text, 2);
  if (!take(text, ":")) return std::nullopt;
  const int minute = take_digits(text, 2);
  if (!take(text, ":")) return std::nullopt;
  const int second = take_digits(text, 2);
  if (take(text, ".")) {
    while (take(text, "0123456789")) continue;
  }
  const auto offset = take_offset(text);
  const bool in_range = year >= 1970 && month >= 1 && month <= 12 && day >= 1 && hour >= 0 &&
                        hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60;
  if (!offset || !in_range || day > plan::days_in_month(year, month)) return std::nullopt;
  const std::int64_t days = plan::day_number(year, month, day);
  const std::int64_t seconds =
      days * plan::kSecondsOfDay + hour * 3600 + (minute - *offset) * 60 + second;
  return seconds * 1000;
}

std::string shown(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : trim(text)) {
    if (out.size() >= most) return out + "…";
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return out;
}

bool is_about(std::string_view name, std::string_view version) {
  std::size_t begin = 0;
  while (begin <= name.size()) {
    const auto end = std::min(name.find_first_of(":@/ ", begin), name.size());
    if (without_v(name.substr(begin, end - begin)) == without_v(version)) return true;
    begin = end + 1;
  }
  return false;
}

Result<Json> read_json(std::string_view text, std::string_view what) {
  if (text.size() > kMostReportBytes) {
    return Error(Code::TooLarge, std::string(what) + " is larger than 16 MiB",
                 "is it the right file?");
  }
  auto json = Json::parse(text);
  if (json && (json->is_object() || json->is_array())) return json;
  return Error(Code::Malformed,
               std::string(what) + " is not JSON" + (json ? "" : ": " + shown(json.error().what)),
               "was it written to its end?");
}

}  // namespace slipway::checks

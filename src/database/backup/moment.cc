#include "database/backup/moment.h"

#include <charconv>

namespace slipway::database::backup {
namespace {
// Takes exactly `digits` digits off the front.
bool take(std::string_view& text, std::size_t digits, int& out) {
  if (text.size() < digits) return false;
  const auto [at, trouble] = std::from_chars(text.data(), text.data() + digits, out);
  if (trouble != std::errc() || at != text.data() + digits || out < 0) return false;
  text.remove_prefix(digits);
  return true;
}
bool take(std::string_view& text, char one) {
  if (text.empty() || text.front() != one) return false;
  text.remove_prefix(1);
  return true;
}

// ".25" is 250 ms; more than three digits are cut off.
bool take_fraction(std::string_view& text, int& millis) {
  int worth = 100;
  const std::size_t before = text.size();
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    millis += (text.front() - '0') * worth;
    worth /= 10;
    text.remove_prefix(1);
  }
  return text.size() < before;
}
}  // namespace

std::optional<WallTime> parse_moment(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millis = 0;
  const bool has_day = take(text, 4, year) && take(text, '-') && take(text, 2, month) &&
                       take(text, '-') && take(text, 2, day);
  if (!has_day || !(take(text, 'T') || take(text, ' '))) return std::nullopt;
  if (!take(text, 2, hour) || !take(text, ':') || !take(text, 2, minute)) return std::nullopt;
  if (take(text, ':') && !take(text, 2, second)) return std::nullopt;
  if (take(text, '.') && !take_fraction(text, millis)) return std::nullopt;
  take(text, 'Z');
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!text.empty() || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return WallTime(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                  std::chrono::minutes(minute) + std::chrono::seconds(second) + Millis(millis));
}

}  // namespace slipway::database::backup

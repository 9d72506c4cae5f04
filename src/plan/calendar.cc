#include "plan/calendar.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "plan/day_rules.h"

namespace slipway::plan {
namespace {
constexpr int kDaysAhead = 731;  // two years: what does not open until then never does

Error unreadable(std::string_view what, std::string_view text) {
  return Error(Code::Malformed, fmt::format("a stored calendar has {} '{}'", what, text),
               "it was written by another version of slipway; deploy again");
}

std::string day_text(DayNumber day) {
  const auto date = civil_of(day);
  return fmt::format("{} {:04}-{:02}-{:02}", config::short_weekday(weekday_of(day)), date.year,
                     date.month, date.day);
}
}  // namespace

std::string window_text(const config::Window& window) {
  if (window.is_open_always()) return {};
  std::string out = join(window.days, ", ");
  if (!window.hours.empty()) out += (out.empty() ? "" : " ") + join(window.hours, ", ");
  return out + " " + window.zone;
}

std::string freeze_text(const config::Freeze& freeze) {
  if (!freeze.week_of.empty()) return "week of " + freeze.week_of;
  if (freeze.holidays_file.empty()) return join(freeze.dates, ", ");
  const auto name = freeze.holidays_file.substr(freeze.holidays_file.rfind('/') + 1);
  return fmt::format(
      "the {} of {}",
      freeze.holidays.empty() ? "holidays" : count_of(std::ssize(freeze.holidays), "holiday"),
      name);
}

Result<Calendar::Freeze> Calendar::read_freeze(const config::Freeze& written) {
  Freeze out;
  out.text = freeze_text(written);
  out.why = written.why;
  for (const auto& text : written.dates) {
    const auto rule = config::parse_day_rule(text);
    if (!rule) return unreadable("the days", text);
    out.days.push_back(*rule);
  }
  if (!written.week_of.empty()) {
    out.week_of = config::parse_day_rule(written.week_of);
    if (!out.week_of) return unreadable("the day", written.week_of);
  }
  for (const auto& holiday : written.holidays)
    out.holidays.push_back(TRY(HolidayDays::make(holiday)));
  return out;
}

Result<Calendar> Calendar::make(const config::Gates& gates, Zone zone) {
  Calendar out(std::move(zone));
  out.window_text_ = window_text(gates.window);
  if (!gates.window.days.empty()) out.weekdays_ = 0;
  for (const auto& text : gates.window.days) {
    const auto days = config::parse_weekdays(text);
    if (!days) return unreadable("the weekdays", text);
    out.weekdays_ |= *days;
  }
  for (const auto& text : gates.window.hours) {
    const auto hours = config::parse_hours(text);
    if (!hours) return unreadable("the hours", text);
    out.hours_.push_back(*hours);
  }
  for (const auto& freeze : gates.freeze) out.freezes_.push_back(TRY(read_freeze(freeze)));
  return out;
}

Calendar::Local Calendar::local_of(std::int64_t unix_s) const {
  const std::int64_t local = unix_s + zone_.offset_at(unix_s);
  const DayNumber day = day_of_second(local);
  return {day, static_cast<int>(local - day * kSecondsOfDay)};
}

// Hours across midnight belong to the day they begin on.
bool Calendar::is_in_window(const Local& local) const {
  const bool today = (weekdays_ >> weekday_of(local.day) & 1) != 0;
  const bool yesterday = (weekdays_ >> weekday_of(local.day - 1) & 1) != 0;
  if (hours_.empty()) return today;
  return std::any_of(hours_.begin(), hours_.end(), [&](const config::HourRange& range) {
    const int begin = range.begin * 60;
    const int end = range.end * 60;
    if (begin < end) return today && local.second >= begin && local.second < end;
    return (today && local.second >= begin) || (yesterday && local.second < end);
  });
}

std::string Calendar::sentence_of(const Freeze& freeze, DayNumber day) {
  std::string why = freeze.why;
  std::string which = freeze.text;
  for (const auto& holiday : freeze.holidays) {
    if (!holiday.covers(day) || holiday.name().empty()) continue;
    which = holiday.name() + ", one of " + freeze.text;
    break;
  }
  return fmt::format("{} is frozen: {}{}", day_text(day), which,
                     why.empty() ? "" : " (" + why + ")");
}

std::string Calendar::frozen_by(DayNumber day) const {
  for (const auto& freeze : freezes_) {
    const bool by_days = std::any_of(freeze.days.begin(), freeze.days.end(),
                                     [&](const auto& rule) { return covers(rule, day); });
    const bool by_week = freeze.week_of && covers_week_of(*freeze.week_of, day);
    const bool by_holiday = std::any_of(freeze.holidays.begin(), freeze.holidays.end(),
                                        [&](const auto& holiday) { return holiday.covers(day); });
    if (by_days || by_week || by_holiday) return sentence_of(freeze, day);
  }
  return {};
}

bool Calendar::is_open(std::int64_t unix_s) const {
  const Local local = local_of(unix_s);
  return is_in_window(local) && frozen_by(local.day).empty();
}

std::string Calendar::why_closed(std::int64_t unix_s) const {
  const Local local = local_of(unix_s);
  if (auto frozen = frozen_by(local.day); !frozen.empty()) return frozen;
  if (is_in_window(local)) return {};
  return fmt::format("it is {}, outside of the window {}", text_of(unix_s), window_text_);
}

std::string Calendar::text_of(std::int64_t unix_s) const {
  const Local local = local_of(unix_s);
  return fmt::format("{} {:02}:{:02} {}", day_text(local.day), local.second / 3600,
                     local.second / 60 % 60, zone_.abbreviation_at(unix_s));
}

// Midnights, the ends of the hours, and changes of the offset: nowhere else does the answer change.
std::vector<std::int64_t> Calendar::boundaries_of(DayNumber day) const {
  std::vector<std::int64_t> seconds{0};
  for (const auto& range : hours_) {
    seconds.push_back(range.begin * 60);
    seconds.push_back(range.end * 60);
  }
  const std::int64_t midnight = day * kSecondsOfDay;
  std::vector<std::int64_t> out;
  for (const auto at :
       zone_.changes_between(midnight - 2 * kSecondsOfDay, midnight + 3 * kSecondsOfDay)) {
    if (local_of(at).day == day) out.push_back(at);
  }
  for (const auto second : seconds) {
    const auto instants = zone_.instants_of(midnight + second);
    out.insert(out.end(), instants.begin(), instants.end());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<std::int64_t> Calendar::first_on(DayNumber day, std::int64_t after, bool open) const {
  for (const auto at : boundaries_of(day)) {
    if (at > after && is_open(at) == open) return at;
  }
  return std::nullopt;
}

std::optional<std::int64_t> Calendar::next_where(std::int64_t unix_s, bool open) const {
  const DayNumber today = local_of(unix_s).day;
  for (DayNumber day = today - 1; day <= today + kDaysAhead; ++day) {
    const auto found = first_on(day, unix_s, open);
    if (!found) continue;
    // A clock set back over midnight shows the next day before this one is over.
    const auto next_day = first_on(day + 1, unix_s, open);
    return next_day ? std::min(*found, *next_day) : *found;
  }
  return std::nullopt;
}

std::optional<std::int64_t> Calendar::next_opening(std::int64_t unix_s) const {
  return is_open(unix_s) ? std::optional(unix_s) : next_where(unix_s, true);
}

std::optional<std::int64_t> Calendar::next_closing(std::int64_t unix_s) const {
  return is_open(unix_s) ? next_where(unix_s, false) : std::nullopt;
}

}  // namespace slipway::plan

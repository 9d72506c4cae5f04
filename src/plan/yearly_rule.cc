// Events that come back every year: RRULE with FREQ=YEARLY, and the days it means.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/values.h"
#include "config/when.h"
#include "plan/holidays.h"

namespace slipway::plan {
namespace {
constexpr int kMostCount = 1000;
constexpr std::array<std::string_view, 7> kWeekdays{"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

Error not_carried_out(std::string_view part) {
  return Error(Code::Unsupported, fmt::format("the rule part {} is not carried out", part),
               "write the days as dates of a freeze, or the event without a rule");
}

bool read_numbers(std::string_view text, int least, int most, std::vector<int>& out) {
  for (const auto part : split(text, ',')) {
    const auto number = config::parse_int(part);
    if (!number || *number < least || *number > most) return false;
    out.push_back(*number);
  }
  return true;
}

// "4TH", "-1MO", "2FR"
bool read_weekdays(std::string_view text, std::vector<std::pair<int, int>>& out) {
  for (auto part : split(text, ',')) {
    if (part.size() < 3) return false;
    const auto day = std::find(kWeekdays.begin(), kWeekdays.end(), part.substr(part.size() - 2));
    part.remove_suffix(2);
    if (part.starts_with('+')) part.remove_prefix(1);
    const auto nth = config::parse_int(part);
    const bool known = nth && (*nth == -1 || (*nth >= 1 && *nth <= 5));
    if (day == kWeekdays.end() || !known) return false;
    out.emplace_back(*nth, static_cast<int>(day - kWeekdays.begin()));
  }
  return true;
}

std::optional<DayNumber> day_of_text(std::string_view text) {
  const auto date = config::parse_date(text);
  if (!date || date->year == 0) return std::nullopt;
  return day_number(date->year, date->month, date->day);
}

// "20301231" or "20301231T120000Z"
std::optional<DayNumber> day_of_basic(std::string_view text) {
  if (text.size() > 8 && text[8] != 'T') return std::nullopt;
  text = text.substr(0, 8);
  if (text.size() != 8) return std::nullopt;
  return day_of_text(
      fmt::format("{}-{}-{}", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2)));
}

bool read_part(std::string_view name, std::string_view value, YearlyRule& out) {
  const auto number = config::parse_int(value);
  if (name == "FREQ") return value == "YEARLY";
  if (name == "WKST") return true;  // where weeks begin changes nothing without BYWEEKNO
  if (name == "INTERVAL") {
    out.interval = number.value_or(0);
    return out.interval >= 1 && out.interval <= 100;
  }
  if (name == "COUNT") {
    out.count = number.value_or(0);
    return out.count >= 1 && out.count <= kMostCount;
  }
  if (name == "UNTIL") {
    out.until = day_of_basic(value);
    return out.until.has_value();
  }
  if (name == "BYMONTH") return read_numbers(value, 1, 12, out.months);
  if (name == "BYMONTHDAY") return read_numbers(value, 1, 31, out.month_days);
  return name == "BYDAY" && read_weekdays(value, out.weekdays);
}
}  // namespace

Result<YearlyRule> parse_yearly_rule(std::string_view text) {
  YearlyRule out;
  bool has_frequency = false;
  for (const auto part : split(text, ';')) {
    const auto equals = part.find('=');
    const auto name = part.substr(0, equals);
    const auto value = equals == std::string_view::npos ? "" : part.substr(equals + 1);
    if (!read_part(name, value, out)) return not_carried_out(part);
    has_frequency = has_frequency || name == "FREQ";
  }
  if (!has_frequency) return not_carried_out("without FREQ");
  if (!out.weekdays.empty() && (out.months.empty() || !out.month_days.empty()))
    return not_carried_out("BYDAY without BYMONTH, or with BYMONTHDAY");
  if (out.count > 0 && out.until) return not_carried_out("COUNT with UNTIL");
  return out;
}

Result<HolidayDays> HolidayDays::make(const config::Holiday& holiday) {
  HolidayDays out;
  out.name_ = holiday.name;
  out.days_ = holiday.days;
  const auto first = day_of_text(holiday.date);
  if (!first || holiday.days < 1) {
    return Error(Code::Malformed, fmt::format("the holiday '{}' has no day", holiday.name),
                 "correct its calendar file");
  }
  out.first_ = *first;
  for (const auto& text : holiday.except) {
    if (const auto day = day_of_text(text)) out.except_.push_back(*day);
  }
  if (holiday.repeats.empty()) return out;
  auto rule = parse_yearly_rule(holiday.repeats);
  if (!rule) return rule.error().in("the holiday '" + holiday.name + "'");
  out.rule_ = std::move(rule).value();
  const auto days = out.days_of(civil_of(out.first_).year);
  if (std::find(days.begin(), days.end(), out.first_) == days.end()) {
    return Error(Code::Malformed,
                 fmt::format("the holiday '{}' begins on {}, which its own rule does not name",
                             holiday.name, holiday.date),
                 "correct its calendar file");
  }
  return out;
}

std::vector<DayNumber> HolidayDays::days_of(int year) const {
  const auto first = civil_of(first_);
  const std::vector<int> months = rule_->months.empty() ? std::vector{first.month} : rule_->months;
  const std::vector<int> days =
      rule_->month_days.empty() ? std::vector{first.day} : rule_->month_days;
  std::vector<DayNumber> out;
  for (const int month : months) {
    for (const auto& [nth, weekday] : rule_->weekdays) {
      DayNumber day = 0;
      if (nth_weekday(year, month, weekday, nth, day)) out.push_back(day);
    }
    for (const int day : days) {
      const bool is_there = rule_->weekdays.empty() && day <= days_in_month(year, month);
      if (is_there) out.push_back(day_number(year, month, day));
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool HolidayDays::is_within_count(DayNumber begin) const {
  if (rule_->count == 0) return true;
  int before = 0;
  const int last = civil_of(begin).year;
  for (int year = civil_of(first_).year; year <= last; year += rule_->interval) {
    for (const auto day : days_of(year)) before += day >= first_ && day < begin ? 1 : 0;
    if (before >= rule_->count) return false;
  }
  return true;
}

bool HolidayDays::begins_on(DayNumber day) const {
  if (day < first_ || std::find(except_.begin(), except_.end(), day) != except_.end()) return false;
  if (!rule_) return day == first_;
  if (rule_->until && day > *rule_->until) return false;
  const int year = civil_of(day).year;
  if ((year - civil_of(first_).year) % rule_->interval != 0) return false;
  const auto days = days_of(year);
  return std::find(days.begin(), days.end(), day) != days.end() && is_within_count(day);
}

bool HolidayDays::covers(DayNumber day) const {
  for (int back = 0; back < days_; ++back) {
    if (begins_on(day - back)) return true;
  }
  return false;
}

}  // namespace slipway::plan

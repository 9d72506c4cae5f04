#include "config/when.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/values.h"

namespace slipway::config {
namespace {
constexpr int kMinutesOfDay = 24 * 60;

constexpr std::array<std::string_view, 7> kWeekdays{"monday", "tuesday",  "wednesday", "thursday",
                                                    "friday", "saturday", "sunday"};
constexpr std::array<std::string_view, 7> kShort{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                   "may",       "june",     "july",     "august",
                                                   "september", "october",  "november", "december"};

struct FeastName {
  Feast feast;
  std::string_view name;
};
constexpr std::array<FeastName, 13> kFeasts{{
    {Feast::NewYear, "new-year"},
    {Feast::GoodFriday, "good-friday"},
    {Feast::Easter, "easter"},
    {Feast::EasterMonday, "easter-monday"},
    {Feast::Ascension, "ascension"},
    {Feast::WhitMonday, "whit-monday"},
    {Feast::Thanksgiving, "thanksgiving"},
    {Feast::BlackFriday, "black-friday"},
    {Feast::CyberMonday, "cyber-monday"},
    {Feast::ChristmasEve, "christmas-eve"},
    {Feast::Christmas, "christmas"},
    {Feast::BoxingDay, "boxing-day"},
    {Feast::NewYearsEve, "new-years-eve"},
}};

std::string lowered(std::string_view text) {
  std::string out(text);
  for (auto& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// The whole name, or its first three letters.
template <std::size_t N>
std::optional<int> begins_one_of(std::string_view word,
                                 const std::array<std::string_view, N>& all) {
  std::string low = lowered(trim(word));
  for (const std::string_view usual : {"tues", "thur", "thurs", "sept"}) {
    if (low == usual) low.resize(3);
  }
  for (std::size_t i = 0; i < N; ++i) {
    if (all[i] == low || all[i].substr(0, 3) == low) return static_cast<int>(i);
  }
  return std::nullopt;
}

// Exactly `digits` digits, as many as there are.
std::optional<int> digits_of(std::string_view text, std::size_t digits) {
  if (text.size() != digits) return std::nullopt;
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  return parse_int(text);
}

bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_of_month(int year, int month) {
  constexpr std::array<int, 12> kDays{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month == 2 && year != 0 && !is_leap(year)) return 28;
  return kDays[static_cast<std::size_t>(month - 1)];
}

// "10:00"; 24:00 is the end of a day.
std::optional<int> minute_of(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto hour = parse_int(text.substr(0, colon));
  const auto minute = digits_of(text.substr(colon + 1), 2);
  const bool has_digits = colon == 1 || colon == 2;
  if (!has_digits || !hour || !minute || *hour < 0 || *minute > 59) return std::nullopt;
  const int out = *hour * 60 + *minute;
  return out <= kMinutesOfDay ? std::optional(out) : std::nullopt;
}

std::optional<WeekdaySet> parse_weekday_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = weekday_named(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : weekday_named(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  WeekdaySet out = 0;
  for (int day = *first;; day = (day + 1) % 7) {
    out |= 1U << day;
    if (day == *last) return out;
  }
}

// "1st", "2nd", "third", "last"; -1 is the last.
std::optional<int> ordinal_of(std::string_view word) {
  constexpr std::array<std::array<std::string_view, 2>, 5> kOrdinals{
      {{"first", "1st"}, {"second", "2nd"}, {"third", "3rd"}, {"fourth", "4th"}, {"fifth", "5th"}}};
  const std::string low = lowered(word);
  if (low == "last") return -1;
  for (std::size_t i = 0; i < kOrdinals.size(); ++i) {
    if (low == kOrdinals[i][0] || low == kOrdinals[i][1]) return static_cast<int>(i) + 1;
  }
  return std::nullopt;
}

// "4th thu of november", "last fri of every month", "first mon of month".
std::optional<DayRule> parse_nth(std::string_view text) {
  std::vector<std::string_view> words;
  for (const auto word : split(text, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  if (words.size() == 5 && words[3] == "every") words.erase(words.begin() + 3);
  if (words.size() != 4 || words[2] != "of") return std::nullopt;
  const auto nth = ordinal_of(words[0]);
  const auto weekday = weekday_named(words[1]);
  const auto month = begins_one_of(words[3], kMonths);
  const bool every = words[3] == "month";
  if (!nth || !weekday || (!month && !every)) return std::nullopt;
  DayRule out;
  out.kind = DayRule::Kind::Nth;
  out.nth = *nth;
  out.weekday = *weekday;
  out.month = every ? 0 : *month + 1;
  return out;
}

std::optional<DayRule> parse_range(std::string_view text) {
  const auto dots = text.find("..");
  const auto from = parse_date(trim(text.substr(0, dots)));
  const auto to = dots == std::string_view::npos ? from : parse_date(trim(text.substr(dots + 2)));
  if (!from || !to || (from->year == 0) != (to->year == 0)) return std::nullopt;
  const auto number = [](const Date& date) {
    return (date.year * 100 + date.month) * 100 + date.day;
  };
  if (from->year != 0 && number(*to) < number(*from)) return std::nullopt;
  DayRule out;
  out.from = *from;
  out.to = *to;
  return out;
}
}  // namespace

std::optional<int> weekday_named(std::string_view name) { return begins_one_of(name, kWeekdays); }

std::string_view short_weekday(int weekday) { return kShort[static_cast<std::size_t>(weekday)]; }

std::optional<WeekdaySet> parse_weekdays(std::string_view text) {
  WeekdaySet out = 0;
  for (const auto part : split(text, ',')) {
    const auto days = parse_weekday_range(trim(part));
    if (!days) return std::nullopt;
    out |= *days;
  }
  return out;
}

std::optional<HourRange> parse_hours(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto begin = minute_of(trim(text.substr(0, dash)));
  const auto end = minute_of(trim(text.substr(dash + 1)));
  if (!begin || !end || *begin == *end || *begin == kMinutesOfDay) return std::nullopt;
  return HourRange{*begin, *end};
}

std::optional<Date> parse_date(std::string_view text) {
  Date out;
  if (text.size() == 10 && text[4] == '-') {
    const auto year = digits_of(text.substr(0, 4), 4);
    if (!year || *year < 1970) return std::nullopt;
    out.year = *year;
    text.remove_prefix(5);
  }
  if (text.size() != 5 || text[2] != '-') return std::nullopt;
  const auto month = digits_of(text.substr(0, 2), 2);
  const auto day = digits_of(text.substr(3), 2);
  if (!month || !day || *month < 1 || *month > 12) return std::nullopt;
  if (*day < 1 || *day > days_of_month(out.year, *month)) return std::nullopt;
  out.month = *month;
  out.day = *day;
  return out;
}

std::optional<Feast> feast_named(std::string_view name) {
  for (const auto& one : kFeasts) {
    if (one.name == name) return one.feast;
  }
  return std::nullopt;
}

std::vector<std::string> feast_names() {
  std::vector<std::string> out;
  for (const auto& one : kFeasts) out.emplace_back(one.name);
  return out;
}

std::optional<DayRule> parse_day_rule(std::string_view text) {
  text = trim(text);
  if (const auto feast = feast_named(text)) {
    DayRule out;
    out.kind = DayRule::Kind::Named;
    out.feast = *feast;
    return out;
  }
  if (const auto nth = parse_nth(text)) return nth;
  return parse_range(text);
}

bool is_single_day(const DayRule& rule) {
  return rule.kind == DayRule::Kind::Range ? rule.from == rule.to
                                           : rule.kind == DayRule::Kind::Named || rule.month != 0;
}

bool is_zone_name(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  for (const auto part : split(text, '/')) {
    if (part.empty() || part.size() > 32) return false;
    for (const char c : part) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-' && c != '+') return false;
    }
  }
  return true;
}

}  // namespace slipway::config

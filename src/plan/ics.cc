// Reading the all-day events of a calendar file.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/values.h"
#include "config/when.h"
#include "plan/holidays.h"

namespace slipway::plan {
namespace {
constexpr std::size_t kMostEvents = 400;
constexpr int kMostDays = 60;  // of one event

// What describes an event without changing its days.
constexpr std::array<std::string_view, 20> kSaysNoDay{
    "UID",        "DTSTAMP", "CREATED",  "LAST-MODIFIED", "CLASS",    "DESCRIPTION", "LOCATION",
    "CATEGORIES", "TRANSP",  "SEQUENCE", "URL",           "PRIORITY", "ORGANIZER",   "CONTACT",
    "COMMENT",    "GEO",     "ATTACH",   "ATTENDEE",      "COLOR",    "IMAGE"};

struct Line {
  int number = 0;
  std::string name;       // "DTSTART"
  std::string parameter;  // "VALUE=DATE"
  std::string value;
};

// A line that begins with a space goes on the one before.
std::vector<std::pair<int, std::string>> unfolded(std::string_view text) {
  std::vector<std::pair<int, std::string>> out;
  int number = 0;
  for (auto line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool goes_on = !line.empty() && (line.front() == ' ' || line.front() == '\t');
    if (goes_on && !out.empty()) {
      out.back().second += line.substr(1);
    } else if (!line.empty()) {
      out.emplace_back(number, line);
    }
  }
  return out;
}

Line line_of(int number, std::string_view text) {
  bool quoted = false;
  std::size_t colon = 0;
  while (colon < text.size() && (quoted || text[colon] != ':')) quoted ^= text[colon++] == '"';
  const auto head = text.substr(0, colon);
  const auto semicolon = head.find(';');
  Line out{number, std::string(head.substr(0, semicolon)), {}, {}};
  if (semicolon != std::string_view::npos) out.parameter = head.substr(semicolon + 1);
  if (colon < text.size()) out.value = text.substr(colon + 1);
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    const char c = escape ? text[++i] : text[i];
    out += escape && (c == 'n' || c == 'N') ? ' ' : c;
  }
  return out;
}

// "20261225" -> "2026-12-25"
std::optional<std::string> date_of(std::string_view text) {
  if (text.size() != 8) return std::nullopt;
  auto out = fmt::format("{}-{}-{}", text.substr(0, 4), text.substr(4, 2), text.substr(6, 2));
  return config::parse_date(out) ? std::optional(out) : std::nullopt;
}

DayNumber day_of(std::string_view date) {
  const auto read = config::parse_date(date).value_or(config::Date{1970, 1, 1});
  return day_number(read.year, read.month, read.day);
}

// "P1D", "P2W"; nothing else is whole days.
std::optional<int> days_of_duration(std::string_view text) {
  const bool weeks = text.ends_with('W');
  if (text.size() < 3 || !text.starts_with('P') || (!weeks && !text.ends_with('D')))
    return std::nullopt;
  const auto number = config::parse_int(text.substr(1, text.size() - 2));
  return number ? std::optional(weeks ? *number * 7 : *number) : std::nullopt;
}

class IcsReader {
 public:
  explicit IcsReader(const std::string& file) : file_(file) {}

  Result<std::vector<config::Holiday>> read(std::string_view text) {
    bool begun = false;
    for (const auto& [number, raw] : unfolded(text)) {
      const Line line = line_of(number, raw);
      if (!begun && (line.name != "BEGIN" || line.value != "VCALENDAR"))
        return wrong(line, "a calendar begins with BEGIN:VCALENDAR");
      begun = true;
      TRY(take(line));
    }
    if (!inside_.empty() || !begun)
      return Error(Code::Malformed, fmt::format("{} ends before its calendar does", file_),
                   "fetch it anew");
    return std::move(out_);
  }

 private:
  Error wrong(const Line& line, std::string_view why) const {
    return Error(Code::Malformed,
                 fmt::format("{}:{}: {}{}{}: {}", file_, line.number, line.name,
                             line.value.empty() ? "" : ":", line.value.substr(0, 60), why),
                 "correct the calendar file, or write the days as dates of a freeze");
  }

  Result<void> take(const Line& line) {
    if (line.name == "BEGIN") return begin(line);
    if (line.name == "END") return end(line);
    if (inside_.empty()) return wrong(line, "it stands outside of the calendar");
    if (inside_.back() == "VEVENT") return event_line(line);
    const bool other_calendar = inside_.back() == "VCALENDAR" && line.name == "CALSCALE";
    if (other_calendar && line.value != "GREGORIAN") return wrong(line, "only GREGORIAN is known");
    return ok();  // of the calendar itself, a time zone or an alarm: says no day
  }

  Result<void> begin(const Line& line) {
    constexpr std::array<std::string_view, 4> kKnown{"VCALENDAR", "VEVENT", "VTIMEZONE", "VALARM"};
    const bool within_zone = !inside_.empty() && inside_.back() == "VTIMEZONE";
    if (!within_zone && std::find(kKnown.begin(), kKnown.end(), line.value) == kKnown.end())
      return wrong(line, "only events are holidays");
    if (inside_.size() >= 4) return wrong(line, "it is nested too deep");
    inside_.push_back(line.value);
    if (line.value == "VEVENT") event_ = Event{};
    return ok();
  }

  Result<void> end(const Line& line) {
    if (inside_.empty() || inside_.back() != line.value) return wrong(line, "it was not begun");
    inside_.pop_back();
    return line.value == "VEVENT" ? finish(line) : ok();
  }

  Result<void> event_line(const Line& line) {
    auto& holiday = event_.holiday;
    if (line.name == "SUMMARY") {
      holiday.name = unescaped(line.value);
    } else if (line.name == "DTSTART" || line.name == "DTEND") {
      const auto date = date_of(line.value);
      if (!date) return wrong(line, "only events on whole days are holidays (VALUE=DATE)");
      (line.name == "DTSTART" ? holiday.date : event_.end) = *date;
    } else if (line.name == "DURATION") {
      event_.duration = days_of_duration(line.value);
      if (!event_.duration) return wrong(line, "it is not a number of whole days");
    } else if (line.name == "RRULE") {
      const auto rule = parse_yearly_rule(line.value);
      if (!rule || !holiday.repeats.empty())
        return wrong(line, rule ? "a second rule is not carried out" : rule.error().what);
      holiday.repeats = line.value;
    } else if (line.name == "EXDATE") {
      return exceptions(line);
    } else if (line.name == "STATUS") {
      event_.is_cancelled = line.value == "CANCELLED";
    } else if (!line.name.starts_with("X-") &&
               std::find(kSaysNoDay.begin(), kSaysNoDay.end(), line.name) == kSaysNoDay.end()) {
      return wrong(line, "it is not carried out");
    }
    return ok();
  }

  Result<void> exceptions(const Line& line) {
    for (const auto part : split(line.value, ',')) {
      const auto date = date_of(part);
      if (!date) return wrong(line, "only whole days can be left out (VALUE=DATE)");
      event_.holiday.except.push_back(*date);
    }
    return ok();
  }

  Result<void> finish(const Line& line) {
    auto& holiday = event_.holiday;
    if (event_.is_cancelled) return ok();
    if (holiday.date.empty()) return wrong(line, "the event has no DTSTART");
    if (!event_.end.empty() && event_.duration) return wrong(line, "it has DTEND and DURATION");
    if (event_.duration) holiday.days = *event_.duration;
    // The end is the day after the last one.
    if (!event_.end.empty())
      holiday.days = static_cast<int>(day_of(event_.end) - day_of(holiday.date));
    if (holiday.days < 1 || holiday.days > kMostDays)
      return wrong(line, fmt::format("the event lasts {} days; 1 to {} are allowed", holiday.days,
                                     kMostDays));
    if (out_.size() >= kMostEvents)
      return wrong(line, fmt::format("more than {} events", kMostEvents));
    const auto made = HolidayDays::make(holiday);
    if (!made) return wrong(line, made.error().what);
    out_.push_back(std::move(holiday));
    return ok();
  }

  struct Event {
    config::Holiday holiday;
    std::string end;
    std::optional<int> duration;
    bool is_cancelled = false;
  };

  const std::string& file_;
  std::vector<std::string> inside_;  // the components that are open
  Event event_;
  std::vector<config::Holiday> out_;
};
}  // namespace

Result<std::vector<config::Holiday>> read_ics(std::string_view text, const std::string& file) {
  return IcsReader(file).read(text);
}

}  // namespace slipway::plan

#pragma once
// Holidays out of a calendar file (RFC 5545), on whole days. What a file says and slipway does not
// understand is an error with its line: a frozen day must not get lost in silence.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/gates.h"
#include "plan/civil.h"

namespace slipway::plan {

// Malformed names the line of `file`.
Result<std::vector<config::Holiday>> read_ics(std::string_view text, const std::string& file);

// The rule of an event that comes back every year, or every few.
struct YearlyRule {
  int interval = 1;
  int count = 0;                              // 0: without end
  std::optional<DayNumber> until;             // the last day on which it may begin
  std::vector<int> months;                    // empty: the month of the first day
  std::vector<int> month_days;                // empty: the day of the first day
  std::vector<std::pair<int, int>> weekdays;  // nth (-1: last) and weekday, 0 is Monday
};
// "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"; the error says which part is not carried out.
Result<YearlyRule> parse_yearly_rule(std::string_view text);

class HolidayDays {
 public:
  static Result<HolidayDays> make(const config::Holiday& holiday);
  bool covers(DayNumber day) const;
  const std::string& name() const { return name_; }

 private:
  std::vector<DayNumber> days_of(int year) const;  // on which it begins, by the rule alone
  bool is_within_count(DayNumber begin) const;
  bool begins_on(DayNumber day) const;

  std::string name_;
  DayNumber first_ = 0;
  int days_ = 1;
  std::optional<YearlyRule> rule_;
  std::vector<DayNumber> except_;
};

}  // namespace slipway::plan

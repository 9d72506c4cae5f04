// PosixRule: the TZ variable of POSIX, with RFC 9636's wider hours.
#include <algorithm>
#include <array>

#include "plan/civil.h"
#include "plan/zone.h"

namespace slipway::plan {
namespace {
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
}  // namespace

class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}

  std::optional<PosixRule> read() {
    PosixRule out;
    std::int32_t west = 0;
    if (!name(out.standard_.name) || !seconds(24, west)) return std::nullopt;
    out.standard_.offset = -west;
    if (rest_.empty()) return out;
    PosixRule::Local summer{out.standard_.offset + 3600, {}, true};
    if (!name(summer.name)) return std::nullopt;
    if (!rest_.empty() && rest_.front() != ',') {
      if (!seconds(24, west)) return std::nullopt;
      summer.offset = -west;
    }
    out.summer_ = std::move(summer);
    if (!change(out.begin_) || !change(out.end_) || !rest_.empty()) return std::nullopt;
    return out;
  }

 private:
  bool skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // CEST, or <+0330>.
  bool name(std::string& out) {
    const bool quoted = skip('<');
    while (!rest_.empty() && out.size() < 16) {
      const char c = rest_.front();
      const bool fits = is_letter(c) || (quoted && (is_digit(c) || c == '+' || c == '-'));
      if (!fits) break;
      out += c;
      rest_.remove_prefix(1);
    }
    return out.size() >= 3 && (!quoted || skip('>'));
  }

  bool number(int most, int& out) {
    std::size_t digits = 0;
    out = 0;
    while (digits < 3 && digits < rest_.size() && is_digit(rest_[digits]))
      out = out * 10 + (rest_[digits++] - '0');
    rest_.remove_prefix(digits);
    return digits > 0 && out <= most;
  }

  // [+-]h[:mm[:ss]]
  bool seconds(int most_hours, std::int32_t& out) {
    const bool negative = skip('-');
    if (!negative) skip('+');
    int hours = 0;
    int minutes = 0;
    int rest = 0;
    if (!number(most_hours, hours)) return false;
    if (skip(':') && !number(59, minutes)) return false;
    if (skip(':') && !number(59, rest)) return false;
    out = (hours * 60 + minutes) * 60 + rest;
    if (negative) out = -out;
    return true;
  }

  // ,M3.5.0/2 or ,J60 or ,59
  bool change(PosixRule::Change& out) {
    using Kind = PosixRule::Change::Kind;
    if (!skip(',')) return false;
    if (skip('M')) {
      const bool read = number(12, out.month) && skip('.') && number(5, out.week) && skip('.') &&
                        number(6, out.day);
      if (!read || out.month < 1 || out.week < 1) return false;
    } else if (skip('J')) {
      out.kind = Kind::JulianWithoutLeap;
      if (!number(365, out.day) || out.day < 1) return false;
    } else {
      out.kind = Kind::DayOfYear;
      if (!number(365, out.day)) return false;
    }
    return !skip('/') || seconds(167, out.time);
  }

  std::string_view rest_;
};

std::optional<PosixRule> PosixRule::parse(std::string_view text) { return RuleReader(text).read(); }

// Seconds of the local clock, counted as if it were UTC.
std::int64_t PosixRule::local_second(const Change& change, int year) {
  DayNumber day = day_number(year, 1, 1);
  if (change.kind == Change::Kind::MonthWeek) {
    const int weekday = (change.day + 6) % 7;  // 0 is Sunday there, Monday here
    nth_weekday(year, change.month, weekday, change.week == 5 ? -1 : change.week, day);
  } else if (change.kind == Change::Kind::DayOfYear) {
    day += change.day;
  } else {
    day += change.day - 1;
    if (is_leap_year(year) && change.day >= 60) ++day;
  }
  return day * kSecondsOfDay + change.time;
}

std::vector<std::int64_t> PosixRule::changes(int year) const {
  if (!summer_) return {};
  std::vector<std::int64_t> out{local_second(begin_, year) - standard_.offset,
                                local_second(end_, year) - summer_->offset};
  std::sort(out.begin(), out.end());
  return out;
}

const PosixRule::Local& PosixRule::at(std::int64_t unix_s) const {
  if (!summer_) return standard_;
  const int year = civil_of(day_of_second(unix_s + standard_.offset)).year;
  // The last change up to now decides; at one instant an end comes before a beginning, so that a
  // summer time of the whole year has no gap.
  std::pair<std::int64_t, bool> last{INT64_MIN, false};
  for (const int one : {year - 1, year, year + 1}) {
    const std::pair begin{local_second(begin_, one) - standard_.offset, true};
    const std::pair end{local_second(end_, one) - summer_->offset, false};
    for (const auto& change : {begin, end}) {
      if (change.first <= unix_s) last = std::max(last, change);
    }
  }
  return last.second ? *summer_ : standard_;
}

}  // namespace slipway::plan

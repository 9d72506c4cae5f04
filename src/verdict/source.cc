#include "verdict/source.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"

namespace slipway::verdict {
namespace {
bool is_number(const std::optional<double>& value) { return value && std::isfinite(*value); }

std::string rounded(double value) { return fmt::format("{:.4g}", value); }

Millis in_seconds(Millis time) { return Millis(time.count() / 1000 * 1000); }
}  // namespace

SourceJudge::Sign SourceJudge::sign_of(const SourceReading& reading) const {
  if (!is_number(reading.value)) return Sign::None;
  double limit = rule_.limit;
  if (rule_.relative) {
    // A share of nothing, or of a debt, is no bound.
    const bool usable = is_number(reading.baseline) && *reading.baseline >= 0 &&
                        (*reading.baseline > 0 || rule_.side == SourceRule::Side::Above);
    if (!usable) return Sign::None;
    limit *= *reading.baseline;
  }
  const bool broken =
      rule_.side == SourceRule::Side::Above ? *reading.value > limit : *reading.value < limit;
  return broken ? Sign::Broken : Sign::Kept;
}

void SourceJudge::take(const SourceReading& reading) {
  const Sign sign = sign_of(reading);
  if (sign == Sign::None) {
    trouble_ = reading.trouble;
    if (trouble_.empty())
      trouble_ = is_number(reading.value) ? "the old release has no number to compare with"
                                          : "the answer is no number";
    return;
  }
  // What failed before a long silence and fails after it was not seen to fail in between.
  const bool goes_on = sign_ == Sign::Broken && reading.at - last_.at <= freshness();
  if (sign == Sign::Broken && !goes_on) since_ = reading.at;
  sign_ = sign;
  last_ = reading;
  trouble_.clear();
}

std::string SourceJudge::bound() const {
  const char* side = rule_.side == SourceRule::Side::Above ? "above" : "below";
  return rule_.relative ? fmt::format("{} {}x baseline", side, rounded(rule_.limit))
                        : fmt::format("{} {}", side, rounded(rule_.limit));
}

std::string SourceJudge::numbers() const {
  std::string text = fmt::format("{} is {}", rule_.name, rounded(*last_.value));
  if (rule_.relative)
    text += fmt::format(" against {} on the old release", rounded(*last_.baseline));
  return text;
}

Verdict SourceJudge::tell(Millis now) const {
  if (sign_ == Sign::None) {
    return {
        Answer::NotEnough,
        fmt::format("{} has no number yet{}{}", rule_.name, trouble_.empty() ? "" : ": ", trouble_),
        {}};
  }
  if (now - last_.at > freshness()) {
    return {Answer::NotEnough,
            fmt::format("{} has had no number for {}{}{}; the last was {}", rule_.name,
                        to_text(in_seconds(now - last_.at)), trouble_.empty() ? "" : ": ", trouble_,
                        rounded(*last_.value)),
            {}};
  }
  if (sign_ == Sign::Kept)
    return {Answer::Pass, fmt::format("{}, it fails {}", numbers(), bound()), {}};
  const Millis failed = last_.at - since_;
  if (failed >= rule_.hold) {
    const std::string held = rule_.hold.count() == 0
                                 ? std::string()
                                 : fmt::format(", for {}", to_text(in_seconds(failed)));
    return {Answer::Fail, fmt::format("{}, {}{}", numbers(), bound(), held), {}};
  }
  return {Answer::NotEnough,
          fmt::format("{}, {}, for {} of {}", numbers(), bound(), to_text(in_seconds(failed)),
                      to_text(rule_.hold)),
          {}};
}

}  // namespace slipway::verdict

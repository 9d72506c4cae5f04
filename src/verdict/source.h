#pragma once
// SourceJudge: one number of the new release, read again and again from somewhere, against its
// bound. Pure. A reading without a number (a time-out, an empty answer, NaN) proves nothing: it
// neither passes nor fails, and it does not end what is being judged.
#include <optional>
#include <string>

#include "base/clock.h"
#include "verdict/verdict.h"

namespace slipway::verdict {

struct SourceRule {
  enum class Side { Above, Below };  // where it fails
  std::string name{};
  Side side = Side::Above;
  double limit = 0;
  bool relative = false;  // limit: times the old release's number
  Millis hold{0};         // how long it must fail, without a number that does not
  Millis every{10'000};   // how often it is read
  Millis timeout{5'000};  // how long a reading may take
};

struct SourceReading {
  Millis at{0};                      // rising
  std::optional<double> value{};     // of the new release
  std::optional<double> baseline{};  // of the old one; relative rules only
  std::string trouble{};             // why a number is missing
};

class SourceJudge {
 public:
  explicit SourceJudge(SourceRule rule) : rule_(std::move(rule)) {}
  void take(const SourceReading& reading);
  // Fail while it has failed for long enough. Pass while the last number keeps the bound and is no
  // older than three readings. NotEnough otherwise.
  Verdict tell(Millis now) const;
  const SourceRule& rule() const { return rule_; }

 private:
  enum class Sign { None, Kept, Broken };
  Sign sign_of(const SourceReading& reading) const;
  Millis freshness() const { return rule_.every * 3 + rule_.timeout; }
  std::string numbers() const;
  std::string bound() const;

  SourceRule rule_;
  Sign sign_ = Sign::None;  // of the last number
  SourceReading last_;      // that had one
  Millis since_{0};         // Broken: of the first reading in a row
  std::string trouble_;     // of the last reading, when it had no number
};

}  // namespace slipway::verdict

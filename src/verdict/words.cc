#include "verdict/words.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/units.h"
#include "verdict/process.h"

namespace slipway::verdict {
namespace {
// Evidence starts with half a stake, spread over the shares that are tried.
constexpr double kLogSpread = 1;

std::string count_text(double count) {
  const std::string digits = fmt::format("{:.0f}", count);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string share_text(double share) {
  const double percent = share * 100;
  if (percent >= 10) return fmt::format("{:.0f}%", percent);
  if (percent >= 1) return fmt::format("{:.2g}%", percent);
  return fmt::format("{:.1g}%", percent);
}

std::string time_text(Millis time) {
  if (time < Millis(60'000))
    return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1e3);
  return to_text(Millis(time.count() / 1000 * 1000));
}

std::string quantile_text(const Rule& rule) {
  return rule.kind == Rule::Kind::Latency ? "latency" : fmt::format("p{:g}", rule.quantile * 100);
}

bool is_latency(const Rule& rule) {
  return rule.kind == Rule::Kind::LatencyQuantile || rule.kind == Rule::Kind::Latency;
}

std::string_view name_of(Beside beside) {
  return beside == Beside::Fresh ? "fresh baseline" : "old release";
}

std::string_view aside_of(Beside beside) {
  return beside == Beside::OldInstead ? " (the fresh baseline failed)" : "";
}

std::string latency_limit(const Rule& rule, Beside beside) {
  if (rule.relative)
    return fmt::format("{:g}x the {}'s {}{}", rule.limit, name_of(beside), quantile_text(rule),
                       aside_of(beside));
  return to_text(Millis(static_cast<std::int64_t>(rule.limit)));
}

// "12 of 118 canary responses failed (10%)"
std::string seen_text(const Rule& rule, const Numbers& numbers, Beside beside) {
  const double share = numbers.canary > 0 ? numbers.canary_bad / numbers.canary : 0;
  const std::string counts =
      count_text(numbers.canary_bad) + " of " + count_text(numbers.canary) + " canary ";
  switch (rule.kind) {
    case Rule::Kind::ErrorRate:
      return counts + fmt::format("responses failed ({})", share_text(share));
    case Rule::Kind::Counter:
      return counts + fmt::format("{} went wrong ({})", rule.counter, share_text(share));
    case Rule::Kind::LatencyQuantile:
    case Rule::Kind::Latency:
      return counts + fmt::format("requests ({}) took longer than {}", share_text(share),
                                  latency_limit(rule, beside));
  }
  ASSERT(false);
}

std::string beside_text(const Rule& rule, const Numbers& numbers, Beside beside) {
  if (numbers.baseline <= 0 || (is_latency(rule) && rule.relative)) return {};
  return fmt::format(" against {} of {} on the {}{}", count_text(numbers.baseline_bad),
                     count_text(numbers.baseline), name_of(beside), aside_of(beside));
}

double limit_share(const Rule& rule) {
  if (is_latency(rule)) return rule.kind == Rule::Kind::Latency ? 0.05 : 1 - rule.quantile;
  return std::max(kLeastLimit, (rule.relative ? rule.floor : rule.limit) / 100);
}

std::string limit_text(const Rule& rule) {
  if (is_latency(rule)) return fmt::format("{} may", share_text(limit_share(rule)));
  if (!rule.relative) return fmt::format("the limit is {:g}%", rule.limit);
  return fmt::format("the limit is {:g}% and {:g}x", rule.floor, rule.limit);
}

double divergence(double p, double q) {
  const double part = p <= 0 ? 0 : p * std::log(p / q);
  return part + (p >= 1 ? 0 : (1 - p) * (std::log1p(-p) - std::log1p(-q)));
}

// What one canary request, and those beside it, add to the evidence when `share` of them are bad.
double growth(const Rule& rule, const Numbers& numbers, double share) {
  const double limit = limit_share(rule);
  const double w = numbers.weight;
  const double usual =
      is_latency(rule) && rule.relative
          ? limit
          : std::clamp((numbers.baseline_bad + 0.5) / (numbers.baseline + 1), kLeastLimit, 0.9);
  const double own = divergence(share, limit);
  if (w <= 0 || w >= 1 || numbers.baseline <= 0) return own;
  if (rule.relative && !is_latency(rule)) {
    const double bad = share + usual * (1 - w) / w;
    const double owed = w * rule.limit / (w * rule.limit + 1 - w);
    const double owns = share / bad;
    return owns <= owed ? 0 : std::min(own, bad * divergence(owns, owed));
  }
  const double mean = w * share + (1 - w) * usual;
  const double blame = divergence(share, mean) + (1 - w) / w * divergence(usual, mean);
  if (share <= usual) return 0;
  return rule.relative ? blame : std::min(own, blame);
}

std::string visible_text(const Rule& rule, const Numbers& numbers, Beside beside) {
  const double share = smallest_share(rule, numbers);
  if (share >= 1) return "nothing: there were too few requests";
  if (is_latency(rule)) {
    return fmt::format("above about {} of requests slower than {}", share_text(share),
                       latency_limit(rule, beside));
  }
  return fmt::format("failure rates above about {}", share_text(share));
}

std::string both_text(const Rule& rule, const Numbers& numbers, Beside beside) {
  const double canary = numbers.canary > 0 ? numbers.canary_bad / numbers.canary : 0;
  const double baseline = numbers.baseline > 0 ? numbers.baseline_bad / numbers.baseline : 0;
  if (is_latency(rule)) {
    return fmt::format("canary and {} are both slower than {} ({} and {} of requests)",
                       name_of(beside), latency_limit(rule, beside), share_text(canary),
                       share_text(baseline));
  }
  return fmt::format("canary {} and {} {} both fail", share_text(canary), name_of(beside),
                     share_text(baseline));
}

std::string hold_text(const Rule& rule, const Decision& decision, Beside beside) {
  const auto& numbers = decision.numbers;
  const std::string seen = seen_text(rule, numbers, beside) + beside_text(rule, numbers, beside);
  switch (decision.reason) {
    case Reason::BothFail:
      return both_text(rule, numbers, beside) + "; not this release's doing";
    case Reason::OldUnhealthy:
      return seen + "; the old release is not healthy enough to go back to";
    case Reason::BlameUnclear:
    case Reason::Limits:
    case Reason::Nonsense:
      return seen + "; " + limit_text(rule) + "; not yet shown to be this release's doing";
  }
  ASSERT(false);
}

std::string evidence_of(const Rule& rule, const Decision& decision, Beside beside) {
  const auto& numbers = decision.numbers;
  const std::string seen = seen_text(rule, numbers, beside) + beside_text(rule, numbers, beside) +
                           "; " + limit_text(rule);
  switch (decision.answer) {
    case Answer::Fail:
      return seen +
             fmt::format("; a healthy canary would show this in fewer than 1 of {} deployments",
                         count_text(std::floor(std::exp(numbers.log_threshold) + 1e-6)));
    case Answer::Hold:
      return hold_text(rule, decision, beside);
    case Answer::NotEnough:
      if (decision.quarantine) return seen + "; it may be one burst";
      return fmt::format("{} canary requests in {}; {}", count_text(numbers.canary),
                         time_text(decision.after), seen);
    case Answer::Pass:
      return seen;
  }
  ASSERT(false);
}
}  // namespace

std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::Limits:
      return "limits";
    case Reason::BothFail:
      return "both fail";
    case Reason::BlameUnclear:
      return "blame unclear";
    case Reason::OldUnhealthy:
      return "old unhealthy";
    case Reason::Nonsense:
      return "nonsense";
  }
  ASSERT(false);
}

double smallest_share(const Rule& rule, const Numbers& numbers) {
  const double needed = numbers.log_threshold + kLogSpread;
  if (numbers.canary * growth(rule, numbers, 1 - 1e-9) < needed) return 1;
  double low = limit_share(rule);
  double high = 1;
  for (int i = 0; i < 40; ++i) {
    const double middle = (low + high) / 2;
    (numbers.canary * growth(rule, numbers, middle) < needed ? low : high) = middle;
  }
  return high;
}

double requests_to_show(const Settings& settings, const Decision& decision) {
  const auto& numbers = decision.numbers;
  if (decision.rule < 0 || numbers.canary <= 0) return HUGE_VAL;
  const auto& rule = settings.rules[static_cast<std::size_t>(decision.rule)];
  const double share = std::min(numbers.canary_bad / numbers.canary, 1 - 1e-9);
  if (share <= limit_share(rule)) return HUGE_VAL;
  const double each = growth(rule, numbers, share);
  return each > 0 ? (numbers.log_threshold + kLogSpread) / each : HUGE_VAL;
}

Verdict words_of(const Settings& settings, const Decision& decision) {
  if (decision.reason == Reason::Nonsense) {
    return {decision.answer, "the counts of the last look cannot be; nothing can be judged by them",
            "nothing"};
  }
  if (decision.rule < 0) return {decision.answer, "no limits are set", "nothing"};
  const auto& rule = settings.rules[static_cast<std::size_t>(decision.rule)];
  std::string evidence = evidence_of(rule, decision, settings.beside);
  if (decision.stratum > 0) {
    const auto& route = settings.strata[static_cast<std::size_t>(decision.stratum)];
    evidence = fmt::format("{}: {}", route, evidence);
  }
  return {decision.answer, std::move(evidence),
          visible_text(rule, decision.numbers, settings.beside)};
}

std::string sentence(const Decision& decision, const Verdict& verdict) {
  switch (decision.answer) {
    case Answer::Pass:
      return fmt::format("Passed: {}; {} would have shown.", verdict.evidence,
                         verdict.smallest_visible);
    case Answer::Fail:
      return fmt::format("Rolled back after {}: {}.", time_text(decision.after), verdict.evidence);
    case Answer::Hold:
      return fmt::format("Held: {}.", verdict.evidence);
    case Answer::NotEnough:
      return fmt::format("Undecided: {}; only {} could have been seen.", verdict.evidence,
                         verdict.smallest_visible);
  }
  ASSERT(false);
}

}  // namespace slipway::verdict

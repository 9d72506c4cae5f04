#include "verdict/verdict.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/units.h"
#include "verdict/evidence.h"

namespace slipway::verdict {
namespace {
constexpr double kLeastEvents = 3;       // a single stray error among a few requests proves nothing
constexpr double kBaselineSigmas = 3.1;  // one-sided 0.1 %

using Buckets = std::vector<std::pair<std::uint32_t, std::uint64_t>>;

double to_double(std::uint64_t count) { return static_cast<double>(count); }

std::uint64_t counted(const Buckets& buckets) {
  std::uint64_t total = 0;
  for (const auto& [bound, count] : buckets) total += count;
  return total;
}

std::uint64_t slower_than(const Buckets& buckets, double limit_us) {
  std::uint64_t total = 0;
  for (const auto& [bound, count] : buckets) {
    if (bound > limit_us) total += count;
  }
  return total;
}

std::string share_text(double share) { return fmt::format("{:.3g}%", share * 100); }

std::string time_text(double us) {
  return us < 1'000'000 ? fmt::format("{:.3g} ms", us / 1000) : fmt::format("{:.3g} s", us / 1e6);
}

std::string quantile_name(double quantile) { return fmt::format("p{:g}", quantile * 100); }

// One rule looked at: how much was seen against what is allowed, in the terms of
// log_evidence_above.
struct Look {
  double p0 = 0;
  double events = 0;
  double trials = 0;
  bool above = false;  // the plain number is above the limit
  bool enough = true;  // requests enough on both sides
  std::string seen;    // "error rate 6.1% (61 of 1000 requests)"
  std::string limit;   // "5%"
  std::string visible;
};

Look look_at_errors(const Rule& rule, const Sample& canary) {
  Look look;
  look.p0 = rule.limit / 100;
  look.events = to_double(std::min(canary.errors, canary.requests));
  look.trials = to_double(canary.requests);
  const double rate = look.trials == 0 ? 0 : look.events / look.trials;
  look.above = rate > look.p0;
  look.seen = fmt::format("error rate {} ({} of {} requests)", share_text(rate), canary.errors,
                          canary.requests);
  look.limit = share_text(look.p0);
  look.visible =
      fmt::format("an error rate of {}", share_text(smallest_provable(look.p0, look.trials)));
  return look;
}

// "Who owns the next error": among the errors of both, at most this share may be the new release's
// when its rate is at most `limit` times the baseline's (Lindon & Malek, NeurIPS 2022).
Look look_at_error_ratio(const Rule& rule, const Window& window) {
  const double canary = to_double(window.canary.requests);
  const double baseline = to_double(window.baseline.requests);
  Look look;
  look.p0 = rule.limit * canary / std::max(1.0, rule.limit * canary + baseline);
  look.events = to_double(window.canary.errors);
  look.trials = look.events + to_double(window.baseline.errors);
  const double rate = canary == 0 ? 0 : look.events / canary;
  const double usual = baseline == 0 ? 0 : to_double(window.baseline.errors) / baseline;
  look.above = rate > rule.limit * usual;
  look.seen = fmt::format("error rate {} ({} of {} requests)", share_text(rate),
                          window.canary.errors, window.canary.requests);
  look.limit = fmt::format("{:g} x the old release's {}", rule.limit, share_text(usual));
  const double share = smallest_provable(look.p0, look.trials);
  const double times = share >= 1 ? 0 : share / (1 - share) * baseline / std::max(1.0, canary);
  look.visible = times == 0 ? std::string("no regression: there were too few errors on both sides")
                            : fmt::format("{:.3g} x the old release's error rate", times);
  return look;
}

Look look_at_latency(const Rule& rule, const Sample& canary, double limit_us, double proof_us) {
  Look look;
  const std::uint64_t total = counted(canary.latency_us);
  look.p0 = 1 - rule.quantile;
  look.trials = to_double(total);
  look.events = to_double(slower_than(canary.latency_us, proof_us));
  const double seen = quantile_us(canary.latency_us, rule.quantile);
  look.above = seen > limit_us;
  look.seen = fmt::format("{} {} ({} of {} requests took longer than {})",
                          quantile_name(rule.quantile), time_text(seen),
                          slower_than(canary.latency_us, limit_us), total, time_text(limit_us));
  look.limit = time_text(limit_us);
  look.visible =
      fmt::format("{} of the requests slower than {}",
                  share_text(smallest_provable(look.p0, look.trials)), time_text(proof_us));
  return look;
}

Look look_at_latency_ratio(const Rule& rule, const Window& window) {
  const auto& baseline = window.baseline.latency_us;
  const double total = std::max(1.0, to_double(counted(baseline)));
  // The baseline's quantile is an estimate too: the proof is against the high end of what it may
  // be.
  const double spread = kBaselineSigmas * std::sqrt(rule.quantile * (1 - rule.quantile) / total);
  const double usual_us = quantile_us(baseline, rule.quantile);
  const double highest_us = quantile_us(baseline, std::min(1.0, rule.quantile + spread));
  Look look = look_at_latency(rule, window.canary, rule.limit * usual_us, rule.limit * highest_us);
  look.limit = fmt::format("{:g} x the old release's {}", rule.limit, time_text(usual_us));
  return look;
}

Look look_at(const Rule& rule, const Window& window, std::uint64_t least) {
  Look look;
  if (rule.kind == Rule::Kind::ErrorRate) {
    look = rule.relative ? look_at_error_ratio(rule, window) : look_at_errors(rule, window.canary);
  } else {
    look = rule.relative
               ? look_at_latency_ratio(rule, window)
               : look_at_latency(rule, window.canary, rule.limit * 1000, rule.limit * 1000);
  }
  look.enough = window.canary.requests >= least;
  if (rule.relative && window.baseline.requests < least) look.enough = false;
  return look;
}

Verdict conclude(const Rule& rule, const Look& look, const Window& window, std::uint64_t least) {
  Verdict out;
  out.smallest_visible = look.visible;
  const bool compares_with_too_little = rule.relative && window.baseline.requests < least;
  const bool may_fail = (look.enough || look.events >= kLeastEvents) && !compares_with_too_little;
  if (look.above && may_fail &&
      log_evidence_above(look.p0, look.events, look.trials) >= kLogProof) {
    out.answer = Answer::Fail;
    out.evidence = fmt::format("{} is above {}, by more than chance explains ({})", look.seen,
                               look.limit, rule.text);
    return out;
  }
  if (compares_with_too_little) {
    out.evidence = fmt::format("the old release had {} requests to compare with, {} are needed",
                               window.baseline.requests, least);
  } else if (!look.enough) {
    out.evidence = fmt::format("{} requests so far, {} are needed", window.canary.requests, least);
  } else if (look.above) {
    out.evidence = fmt::format("{} is above {}, but that may be chance", look.seen, look.limit);
  } else {
    out.answer = Answer::Pass;
    out.evidence = fmt::format("{} is within {}", look.seen, look.limit);
  }
  return out;
}

// The gravest answer counts; passes are told together.
void merge(Verdict& all, Verdict one) {
  const auto weight = [](Answer answer) {
    return answer == Answer::Fail ? 2 : answer == Answer::NotEnough ? 1 : 0;
  };
  if (all.evidence.empty() || weight(one.answer) > weight(all.answer)) {
    all = std::move(one);
  } else if (one.answer == Answer::Pass && all.answer == Answer::Pass) {
    all.evidence += "; " + one.evidence;
    all.smallest_visible += "; " + one.smallest_visible;
  }
}
}  // namespace

std::string_view name_of(Answer answer) {
  switch (answer) {
    case Answer::Pass:
      return "pass";
    case Answer::Fail:
      return "fail";
    case Answer::NotEnough:
      return "not enough";
    case Answer::Hold:
      return "hold";
  }
  ASSERT(false);
}

std::uint32_t quantile_us(const Buckets& buckets, double q) {
  const double wanted = std::clamp(q, 0.0, 1.0) * to_double(counted(buckets));
  double seen = 0;
  std::uint32_t last = 0;
  for (const auto& [bound, count] : buckets) {
    if (count == 0) continue;
    seen += to_double(count);
    last = bound;
    if (seen >= wanted - 1e-9) return bound;
  }
  return last;
}

Verdict judge(const std::vector<Rule>& rules, const Window& window, int least_requests) {
  if (rules.empty()) return {Answer::Pass, "no limits are set", "nothing"};
  const auto least = static_cast<std::uint64_t>(std::max(0, least_requests));
  Verdict all;
  for (const auto& rule : rules) {
    merge(all, conclude(rule, look_at(rule, window, least), window, least));
  }
  return all;
}

}  // namespace slipway::verdict

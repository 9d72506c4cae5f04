// Settings, ticks and decisions as compact JSON. Numbers are written with as many digits as it
// takes to read the same number again.
#include <array>
#include <cmath>

#include "verdict/judge.h"

namespace slipway::verdict {
namespace {
constexpr std::array kAnswers{Answer::Pass, Answer::Fail, Answer::NotEnough, Answer::Hold};
constexpr std::array kReasons{Reason::Limits, Reason::BothFail, Reason::BlameUnclear,
                              Reason::OldUnhealthy, Reason::Nonsense};
constexpr std::array<std::string_view, 4> kKinds{"error_rate", "latency_quantile", "latency",
                                                 "counter"};
constexpr std::array<std::string_view, 3> kGuards{"auto", "on", "off"};
constexpr std::array<std::string_view, 3> kBesides{"old", "fresh", "old instead"};
constexpr std::array<std::string_view, 3> kOlds{"healthy", "unhealthy", "absent"};
constexpr std::size_t kMostStrata = 1000;
constexpr std::size_t kMostRules = 1000;

Error not_a(std::string_view what, std::string_view why) {
  return Error(Code::Malformed,
               std::string("this is not a ") + std::string(what) + ": " + std::string(why));
}

template <class Names>
int index_of(const Names& names, std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<int>(i);
  }
  return -1;
}

// JSON has no NaN: what cannot be written comes back as null, and null as NaN.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(); }
double read_number(const Json& json) { return json.is_number() ? json.as_number() : std::nan(""); }

bool is_count(const Json& json) { return json.is_int() && json.as_int() >= 0; }

Json sample_to_json(const Sample& sample) {
  Json out = Json::array();
  out.push_back(sample.requests);
  out.push_back(sample.errors);
  Json latency = Json::array();  // flat: bound, count, bound, count
  for (const auto& [bound, count] : sample.latency_us) {
    latency.push_back(Json(std::int64_t{bound}));
    latency.push_back(Json(count));
  }
  Json counters = Json::array();
  for (const auto& tally : sample.counters) {
    counters.push_back(tally.ok);
    counters.push_back(tally.bad);
  }
  if (latency.size() + counters.size() > 0) out.push_back(std::move(latency));
  if (counters.size() > 0) out.push_back(std::move(counters));
  return out;
}

Result<std::vector<std::uint64_t>> counts_of(const Json& json) {
  std::vector<std::uint64_t> out;
  for (const auto& item : json.items()) {
    if (!is_count(item)) return not_a("tick", "a count is not a whole number");
    out.push_back(static_cast<std::uint64_t>(item.as_int()));
  }
  if (out.size() % 2 != 0) return not_a("tick", "counts come in pairs");
  return out;
}

Result<Sample> sample_from_json(const Json& json) {
  const auto& items = json.items();
  if (items.size() < 2 || !is_count(items[0]) || !is_count(items[1]))
    return not_a("tick", "a side is not [requests, errors, …]");
  Sample sample;
  sample.requests = static_cast<std::uint64_t>(items[0].as_int());
  sample.errors = static_cast<std::uint64_t>(items[1].as_int());
  if (items.size() > 2) {
    const auto pairs = TRY(counts_of(items[2]));
    for (std::size_t i = 0; i < pairs.size(); i += 2)
      sample.latency_us.emplace_back(static_cast<std::uint32_t>(pairs[i]), pairs[i + 1]);
  }
  if (items.size() > 3) {
    const auto pairs = TRY(counts_of(items[3]));
    for (std::size_t i = 0; i < pairs.size(); i += 2)
      sample.counters.push_back({pairs[i], pairs[i + 1]});
  }
  return sample;
}

Json rule_to_json(const Rule& rule) {
  Json out = Json::object();
  out.set("kind", kKinds[static_cast<std::size_t>(rule.kind)]);
  out.set("limit", number(rule.limit)).set("text", rule.text);
  if (rule.kind == Rule::Kind::LatencyQuantile) out.set("quantile", number(rule.quantile));
  if (rule.relative) out.set("relative", true).set("floor", number(rule.floor));
  if (!rule.counter.empty()) out.set("counter", rule.counter);
  return out;
}

Result<Rule> rule_from_json(const Json& json) {
  const int kind = index_of(kKinds, json.text("kind"));
  if (kind < 0) return not_a("judge's settings", "unknown kind '" + json.text("kind") + "'");
  Rule rule;
  rule.kind = static_cast<Rule::Kind>(kind);
  rule.limit = json.number("limit");
  rule.text = json.text("text");
  rule.quantile = json.number("quantile", rule.quantile);
  rule.relative = json.flag("relative");
  rule.floor = json.number("floor", rule.floor);
  rule.counter = json.text("counter");
  return rule;
}
}  // namespace

Json to_json(const Settings& settings) {
  Json rules = Json::array();
  for (const auto& rule : settings.rules) rules.push_back(rule_to_json(rule));
  Json out = Json::object();
  out.set("rules", std::move(rules));
  out.set("strata", Json::array_of(settings.strata));
  out.set("counters", Json::array_of(settings.counters));
  out.set("false_alarm", settings.false_alarm).set("missed", settings.missed);
  out.set("least", settings.least);
  if (settings.beside != Beside::Old)
    out.set("beside", kBesides[static_cast<std::size_t>(settings.beside)]);
  out.set("guard", kGuards[static_cast<std::size_t>(settings.guard)]);
  out.set("history_ms", settings.history.count()).set("dispersion", number(settings.dispersion));
  out.set("block_ms", settings.block.count()).set("horizon_ms", settings.horizon.count());
  out.set("warmup_ms", settings.warmup.count()).set("settle_ms", settings.settle.count());
  return out;
}

Result<Settings> settings_from_json(const Json& json) {
  const auto what = "judge's settings";
  Settings out;
  if (json.at("rules").size() > kMostRules) return not_a(what, "too many rules");
  for (const auto& rule : json.at("rules").items()) out.rules.push_back(TRY(rule_from_json(rule)));
  out.strata = json.strings("strata");
  out.counters = json.strings("counters");
  out.false_alarm = json.number("false_alarm");
  out.missed = json.number("missed");
  out.least = static_cast<int>(json.integer("least"));
  const int beside = index_of(kBesides, json.text("beside", "old"));
  if (beside < 0) return not_a(what, "unknown beside '" + json.text("beside") + "'");
  out.beside = static_cast<Beside>(beside);
  const int guard = index_of(kGuards, json.text("guard"));
  out.history = Millis(json.integer("history_ms"));
  out.dispersion = json.number("dispersion");
  out.block = Millis(json.integer("block_ms"));
  out.horizon = Millis(json.integer("horizon_ms"));
  out.warmup = Millis(json.integer("warmup_ms"));
  out.settle = Millis(json.integer("settle_ms"));
  if (guard < 0) return not_a(what, "unknown guard '" + json.text("guard") + "'");
  out.guard = static_cast<Guard>(guard);
  if (out.strata.empty() || out.strata.size() > kMostStrata) return not_a(what, "no strata");
  const auto is_share = [](double share) { return share > 0 && share < 1; };
  if (!is_share(out.false_alarm) || !(out.missed == 1 || is_share(out.missed)))
    return not_a(what, "false_alarm and missed are shares");
  if (out.block.count() <= 0 || out.horizon < out.block)
    return not_a(what, "a horizon is at least a block");
  return out;
}

Json to_json(const Tick& tick) {
  Json strata = Json::array();
  for (const auto& lot : tick.strata) {
    Json pair = Json::array();
    pair.push_back(sample_to_json(lot.canary));
    pair.push_back(sample_to_json(lot.baseline));
    strata.push_back(std::move(pair));
  }
  Json out = Json::object();
  out.set("at", tick.at.count()).set("w", number(tick.weight)).set("step", tick.step);
  if (tick.young) out.set("young", true);
  if (tick.old != Old::Healthy) out.set("old", kOlds[static_cast<std::size_t>(tick.old)]);
  out.set("n", std::move(strata));
  return out;
}

Result<Tick> tick_from_json(const Json& json) {
  if (!json.at("at").is_int()) return not_a("tick", "it has no time 'at'");
  Tick tick;
  tick.at = Millis(json.integer("at"));
  tick.weight = read_number(json.at("w"));
  tick.step = static_cast<int>(json.integer("step"));
  tick.young = json.flag("young");
  const int old = index_of(kOlds, json.text("old", "healthy"));
  if (old < 0) return not_a("tick", "unknown 'old'");
  tick.old = static_cast<Old>(old);
  tick.strata.clear();
  if (json.at("n").size() > kMostStrata) return not_a("tick", "too many strata");
  for (const auto& pair : json.at("n").items()) {
    if (pair.items().size() != 2) return not_a("tick", "a stratum has two sides");
    tick.strata.push_back(
        {TRY(sample_from_json(pair.items()[0])), TRY(sample_from_json(pair.items()[1]))});
  }
  return tick;
}

Json to_json(const Decision& decision) {
  const auto& numbers = decision.numbers;
  Json evidence = Json::object();
  evidence.set("canary", numbers.canary).set("canary_bad", numbers.canary_bad);
  evidence.set("baseline", numbers.baseline).set("baseline_bad", numbers.baseline_bad);
  evidence.set("weight", number(numbers.weight));
  evidence.set("log_limit", number(numbers.log_limit)).set("log_blame", number(numbers.log_blame));
  evidence.set("log_threshold", number(numbers.log_threshold));
  evidence.set("log_proof", number(numbers.log_proof));
  Json out = Json::object();
  out.set("answer", name_of(decision.answer)).set("reason", name_of(decision.reason));
  if (decision.quarantine) out.set("quarantine", true);
  out.set("after_ms", decision.after.count()).set("rule", decision.rule);
  out.set("stratum", decision.stratum).set("numbers", std::move(evidence));
  return out;
}

Result<Decision> decision_from_json(const Json& json) {
  Decision out;
  bool answered = false;
  for (const auto answer : kAnswers) {
    if (json.text("answer") != name_of(answer)) continue;
    out.answer = answer;
    answered = true;
  }
  if (!answered) return not_a("verdict", "unknown answer '" + json.text("answer") + "'");
  for (const auto reason : kReasons) {
    if (json.text("reason") == name_of(reason)) out.reason = reason;
  }
  out.quarantine = json.flag("quarantine");
  out.after = Millis(json.integer("after_ms"));
  out.rule = static_cast<int>(json.integer("rule", -1));
  out.stratum = static_cast<int>(json.integer("stratum"));
  const Json& evidence = json.at("numbers");
  auto& numbers = out.numbers;
  numbers.canary = evidence.number("canary");
  numbers.canary_bad = evidence.number("canary_bad");
  numbers.baseline = evidence.number("baseline");
  numbers.baseline_bad = evidence.number("baseline_bad");
  numbers.weight = evidence.number("weight");
  numbers.log_limit = evidence.number("log_limit");
  numbers.log_blame = evidence.number("log_blame");
  numbers.log_threshold = evidence.number("log_threshold");
  numbers.log_proof = evidence.number("log_proof");
  return out;
}

}  // namespace slipway::verdict

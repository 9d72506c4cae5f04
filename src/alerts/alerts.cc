#include "alerts/alerts.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/text.h"
#include "base/units.h"
#include "config/database_measure.h"

namespace slipway::alerts {
namespace {
using Signal = config::AlertCondition::Signal;

struct Sight {
  bool holds = false;
  std::string words;
};

// What is not known now is no reason to call anybody, nor to call them off: it says nothing, as no
// traffic does.
Sight look_at_database(const config::AlertCondition& condition, const Reading& reading) {
  const auto found = reading.database.find(condition.measure);
  const auto* measure = config::database_measure(condition.measure);
  if (measure == nullptr || found == reading.database.end())
    return {false, condition.measure + " is not known"};
  return {found->second > condition.limit,
          condition.measure + " " + config::measure_text(*measure, found->second)};
}

Sight look(const config::AlertCondition& condition, const Reading& reading) {
  switch (condition.signal) {
    case Signal::ErrorRate:
      return {reading.has_traffic && reading.error_rate_percent > condition.limit,
              "error rate " + percent_text(std::round(reading.error_rate_percent * 100) / 100)};
    case Signal::Latency: {
      const double seen =
          reading.has_traffic && reading.latency_ms ? reading.latency_ms(condition.quantile) : 0;
      return {seen > condition.limit, fmt::format("latency {:.0f} ms", seen)};
    }
    case Signal::Unhealthy:
      return {reading.unhealthy > 0,
              fmt::format("{} of {} instances fail their probe", reading.unhealthy,
                          reading.unhealthy + reading.healthy)};
    case Signal::Down:
      return {reading.is_probed && reading.healthy == 0,
              reading.healthy == 0 ? std::string("no instance answers its probe")
                                   : count_of(reading.healthy, "instance") + " well"};
    case Signal::DatabaseDown:
      return {!reading.database_trouble.empty(), reading.database_trouble.empty()
                                                     ? std::string("the database answers")
                                                     : "the database: " + reading.database_trouble};
    case Signal::Database:
      return look_at_database(condition, reading);
  }
  return {};
}

int weight_of(const config::AlertRule& rule) {
  return rule.severity == "critical" ? 2 : rule.severity == "warning" ? 1 : 0;
}

void take_in(const config::AlertRule& rule, const Sight& sight, std::int64_t now_ms,
             Memory& memory) {
  if (sight.holds) {
    if (memory.since_ms == 0) memory.since_ms = now_ms;
    memory.quiet_ms = 0;
    const bool long_enough = now_ms - memory.since_ms >= rule.hold.count();
    if (memory.fired_ms == 0 && long_enough) memory.fired_ms = now_ms;
    return;
  }
  memory.since_ms = 0;
  if (memory.fired_ms != 0 && memory.quiet_ms == 0) memory.quiet_ms = now_ms;
}

bool is_over(const config::AlertRule& rule, const Memory& memory, std::int64_t now_ms) {
  if (memory.fired_ms == 0 || memory.quiet_ms == 0) return false;
  return now_ms - memory.quiet_ms >= std::clamp(rule.hold, kLeastQuiet, kLongestQuiet).count();
}

bool is_same(const config::AlertCondition& a, const config::AlertCondition& b) {
  return a.signal == b.signal && a.measure == b.measure;
}

// Of what does not answer nothing more is to be said: an app, or its database.
bool silences(Signal one, Signal other) {
  const bool about_database = other == Signal::Database;
  if (one == Signal::DatabaseDown) return about_database;
  return one == Signal::Down && other != Signal::Down && !about_database &&
         other != Signal::DatabaseDown;
}

bool is_held_back(std::size_t index, const std::vector<config::AlertRule>& rules,
                  const std::vector<Memory>& memories) {
  const auto& rule = rules[index];
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (i == index || memories[i].fired_ms == 0) continue;
    const bool graver = weight_of(rules[i]) > weight_of(rule);
    const bool down = silences(rules[i].condition.signal, rule.condition.signal) &&
                      weight_of(rules[i]) >= weight_of(rule);
    if (down || (graver && is_same(rules[i].condition, rule.condition))) return true;
  }
  return false;
}
}  // namespace

std::vector<Change> advance(const std::vector<config::AlertRule>& rules, const Reading& reading,
                            std::int64_t now_ms, std::vector<Memory>& memories) {
  ASSERT(rules.size() == memories.size());
  std::vector<Sight> sights;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    sights.push_back(look(rules[i].condition, reading));
    take_in(rules[i], sights[i], now_ms, memories[i]);
  }
  std::vector<Change> changes;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    Memory& memory = memories[i];
    if (is_over(rules[i], memory, now_ms)) {
      if (memory.told) {
        changes.push_back({i, false, sights[i].words});
      } else {
        memory = {};  // it was held back to its end: nobody has heard of it
      }
    } else if (memory.fired_ms != 0 && !memory.told && !is_held_back(i, rules, memories)) {
      changes.push_back({i, true, sights[i].words});
    }
  }
  return changes;
}

}  // namespace slipway::alerts

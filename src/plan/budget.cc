// How many connections to the database the instances of both releases hold together while both
// run, against what its server has. A pool that is refused a connection fails requests of the old
// release as well: better nothing starts.
#include <fmt/core.h>

#include <algorithm>

#include "plan/draft.h"

namespace slipway::plan {
namespace {
using Services = std::vector<config::Service>;

constexpr int kOwn = 3;  // slipway's: migrations and watching

int pool_of(const config::Service& service, const config::DatabaseSettings& database) {
  return service.pool >= 0 ? service.pool : database.pool;
}

int held_by(const Services& services, const config::DatabaseSettings& database) {
  int out = 0;
  for (const auto& one : services) out += one.instances * pool_of(one, database);
  return out;
}

// Those of the old release that a canary is judged beside, as many as it has itself.
int fresh_baseline(const Draft& draft, const config::DatabaseSettings& before) {
  int out = 0;
  for (const auto* old : draft.baseline_services())
    out += draft.plan().settings.service(old->name)->instances * pool_of(*old, before);
  return draft.wants_baseline() ? out : 0;
}

// Service by service, batch by batch: the new instances of a batch start before the old ones they
// replace go.
int rolling_peak(const Plan& plan, const Services& old, const config::DatabaseSettings& before) {
  const auto& after = plan.settings.database;
  const int batch = std::max(1, plan.settings.rollout.batch);
  int now = held_by(old, before);
  int peak = now;
  for (const auto& service : plan.settings.services) {
    const auto found = std::find_if(old.begin(), old.end(),
                                    [&](const auto& one) { return one.name == service.name; });
    const int old_count = found == old.end() ? 0 : found->instances;
    const int old_pool = found == old.end() ? 0 : pool_of(*found, before);
    int old_left = old_count;
    for (int done = 0; done < service.instances;) {
      const int count = std::min(batch, service.instances - done);
      now += count * pool_of(service, after);
      peak = std::max(peak, now);
      done += count;
      const int rest = service.instances - done;
      const int stay = (old_count * rest + service.instances - 1) / service.instances;
      now -= (old_left - stay) * old_pool;
      old_left = stay;
    }
  }
  return peak;
}

struct Demand {
  int old = 0;   // while nothing has begun
  int kept = 0;  // warm instances of a release before that
  int peak = 0;  // of the instances, at the worst moment
};

Demand demand_of(const Draft& draft, const Facts& facts) {
  const auto& plan = draft.plan();
  Demand out;
  config::DatabaseSettings before = plan.settings.database;
  if (plan.old) {
    // What runs may have been released before anybody wrote down its pool.
    const auto settings = config::environment_from_json(plan.old->environment);
    if (settings && settings->database.pool > 0) before = settings->database;
  }
  out.old = held_by(draft.replaced(), before);
  const int new_count = held_by(plan.settings.services, plan.settings.database);
  const bool is_alone = plan.strategy == config::Strategy::Recreate;
  const bool rolls = plan.strategy == config::Strategy::Rolling && draft.has_old();
  out.peak = is_alone ? std::max(out.old, new_count)
             : rolls  ? rolling_peak(plan, draft.replaced(), before)
                      : out.old + new_count + fresh_baseline(draft, before);
  if (facts.previous && facts.previous->warm &&
      facts.previous->id != (plan.old ? plan.old->id : ""))
    if (const auto kept = config::environment_from_json(facts.previous->environment))
      out.kept = held_by(kept->services, kept->database.pool > 0 ? kept->database : before);
  return out;
}

bool names_a_pool(const config::Environment& settings) {
  return std::any_of(settings.services.begin(), settings.services.end(),
                     [&](const auto& one) { return pool_of(one, settings.database) > 0; });
}
}  // namespace

bool needs_seats(const config::Environment& settings) {
  return settings.database.is_set() && names_a_pool(settings);
}

Result<void> count_connections(Draft& draft, const Facts& facts) {
  if (!needs_seats(draft.plan().settings)) return ok();
  if (!facts.seats || !facts.seats->trouble.empty()) {
    draft.note("the database's connections were not counted: " +
               (facts.seats ? facts.seats->trouble : "nobody asked"));
    return ok();
  }
  const auto& seats = *facts.seats;
  const Demand demand = demand_of(draft, facts);
  // What its role holds beyond what the running instances may is somebody else's.
  const int others = seats.of_others + std::max(0, seats.of_app - demand.old - demand.kept);
  const int needed = demand.peak + demand.kept + others + kOwn;
  const int usable = seats.most - seats.reserved;
  const std::string kept =
      demand.kept > 0 ? fmt::format(", {} of a release kept warm", demand.kept) : "";
  const std::string sum = fmt::format(
      "{} of the app's instances at the worst moment{}, {} of others now, {} of slipway: {} of {} "
      "({} - {} reserved)",
      demand.peak, kept, others, kOwn, needed, usable, seats.most, seats.reserved);
  if (needed <= usable) {
    draft.note("connections to the database: " + sum);
    return ok();
  }
  return Error(Code::Refused, "the database has too few connections for this release: " + sum,
               "make database.pool smaller, give the server more max_connections, or release with "
               "rollout.strategy: rolling or recreate, which run fewer instances at a time");
}

}  // namespace slipway::plan

#pragma once
// Draft: a plan while its steps are being written. One function per kind of step, so that every
// strategy says "start", "probe", "shift" with the same words, deadlines and undo.
#include <string>
#include <vector>

#include "plan/plan.h"

namespace slipway::plan {

class Draft {
 public:
  Draft(Plan plan, const Facts& facts, std::vector<config::Service> replaced)
      : plan_(std::move(plan)),
        can_(facts.capabilities),
        replaced_(std::move(replaced)),
        due_contract_(facts.due_contract) {}

  const Plan& plan() const { return plan_; }
  const Capabilities& can() const { return can_; }
  const std::vector<config::Service>& replaced() const { return replaced_; }
  const config::Service* replaced(std::string_view service) const;
  bool has_old() const { return plan_.old.has_value(); }
  void note(std::string text) { plan_.notes.push_back(std::move(text)); }

  void promise(Recovery recovery) { plan_.recovery = recovery; }
  void preflight();
  void gates();  // those before anything changes
  void checks(config::GateCheck::When when);
  void migrate_first();  // before anything starts
  void migrate_rest();   // once the new release has all the traffic
  void contract();       // once nothing old runs any more
  void start(const config::Service& service);
  void start_batch(const config::Service& service, int batch, int count, int before);
  void probe(const config::Service& service);
  void probe_batch(const config::Service& service, int batch, int count);
  void probe_warm(const config::Service& service);
  void smoke();
  void smoke_batch(const config::Service& service);
  void post_smoke();
  void shift(double percent);
  void shift_batch(Step step);
  void judge(const std::string& of);
  // The fresh baseline: instances of the old release, started for the time the canary is judged.
  bool wants_baseline() const;
  std::vector<const config::Service*> baseline_services() const;  // of the old release
  void start_baseline();
  void stop_baseline();
  void promote();
  void watch();
  void maintenance();
  void drain_old();
  void drain_batch(const config::Service& old, int batch, int leaving);
  void shrink_batch(const config::Service& old, int batch, int count, int before);
  void retire_before_end(const config::Service& old);
  void retire_at_end(const config::Service& old);
  void notify();

  Plan finish();  // fills the hash; the draft is empty afterwards

 private:
  void approvals_gate();
  void window_gate();
  void rehearse();
  void migrate(std::string id, std::string stage, std::string last);
  void add(Step step);
  std::string old_name() const;

  Plan plan_;
  Capabilities can_;
  std::vector<config::Service> replaced_;
  std::string due_contract_;
  bool in_maintenance_ = false;
};

// edge_settings.cc: services.NAME.edge against what the router can do, and against what it was.
Result<void> check_edge_settings(const Capabilities& can, const config::Environment& settings);
void note_edge_changes(Draft& draft);

// baseline.cc: what a fresh baseline needs of platform and router.
Result<void> check_baseline(const Capabilities& can, const config::Environment& settings);

// recovery.cc: what a restore of the database can bring back, where there are backups of it.
void note_recovery(Draft& draft);

// budget.cc: the connections both releases hold while both run, against what the database has.
// Refused, with the numbers, when there are not enough.
Result<void> count_connections(Draft& draft, const Facts& facts);

// hooks.cc: the steps of the hooks, between the others.
void weave_hooks(Plan& plan);

// gates.cc: which gates the request leaves out. Usage when it gives no reason, or names none.
Result<void> skip_gates(Plan& plan, const Request& request);

// How long the instances of a service may take to be ready.
Millis probe_deadline(const config::Service& service);

// "10", "0_5": a percent as part of a step id.
std::string percent_id(double percent);

// deploy.cc: the steps of each strategy.
void write_first(Draft& draft);
void write_blue_green(Draft& draft);
void write_canary(Draft& draft);
void write_rolling(Draft& draft);
void write_recreate(Draft& draft);
// rollback.cc
void write_rollback(Draft& draft, bool warm);

}  // namespace slipway::plan

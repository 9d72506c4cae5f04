#pragma once
// MigrateSteps: begins the migrations of a phase and looks how far they are. Nothing waits for
// them: a person's word is heard meanwhile. A daemon that comes back begins them again; the
// database's own book keeps that from doing anything twice.
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plan/plan.h"
#include "ports/migrations.h"
#include "ports/router.h"
#include "ports/store.h"
#include "release/sight.h"

namespace slipway::release {

struct Scene;
struct World;

class MigrateSteps {
 public:
  explicit MigrateSteps(const Scene& scene) : scene_(scene) {}
  Sight look(const plan::Step& step);
  // Undone is: none runs any more. What is applied stays.
  Sight look_undone(const plan::Step& step);
  // What the next records carry: which contract migrations wait, and which are applied.
  const std::vector<std::pair<std::string, Json>>& to_keep() const { return to_keep_; }
  void kept() { to_keep_.clear(); }

 private:
  ports::MigrationCall call_of(const plan::Step& step) const;
  Sight ended(const plan::Step& step, const ports::MigrationView& view);
  Sight rehearsed(const plan::Step& step, const ports::MigrationView& view) const;
  void tell_pulse(const plan::Step& step);
  Result<void> remember(const plan::Step& step, const ports::MigrationView& view);

  const Scene& scene_;
  std::set<std::string> begun_;           // ids of steps
  std::optional<ports::Counts> counted_;  // of all that serve, at the last pulse
  Millis counted_at_{0};
  std::vector<std::pair<std::string, Json>> to_keep_;
};

// What was counted between two readings; nullopt when a counter fell: it began anew.
std::optional<ports::Pulse> pulse_between(const ports::Counts& then, const ports::Counts& now);

// The contract migrations that came with earlier releases than `id` and wait to be run: the newest;
// "" when there is none.
Result<std::string> due_contract(World& world, const ports::AppRef& app);
// Somebody ran their down scripts: they are not applied any more.
Result<void> mark_taken_back(ports::Store& store, const ports::AppRef& app,
                             const std::vector<std::string>& migrations, const std::string& by);
// The contract migration that is applied and came with a later release than `release`: what that
// one needs of the database is gone. "" when there is none.
Result<std::string> broken_by(World& world, const ports::AppRef& app, const std::string& release);
// The earliest release in which such a migration was applied; "" when there is none.
Result<std::string> broken_in(ports::Store& store, const ports::AppRef& app,
                              const std::string& release);

}  // namespace slipway::release

#include "store/lease_rules.h"

namespace slipway::store {
namespace {
std::string place(const ports::AppRef& app) { return app.app + "/" + app.environment; }
}  // namespace

Result<ports::Lease> take(const std::optional<ports::Lease>& row, HolderState holder,
                          const ports::AppRef& app, const std::string& owner,
                          const std::string& release) {
  if (!row) return ports::Lease{app, 1, owner, release};
  const bool is_free = row->release.empty() || holder == HolderState::Ended;
  if (!is_free && row->release != release) {
    return Error(Code::LeaseHeld,
                 "cannot take " + place(app) + " for " +
                     (release.empty() ? "no release" : release) + ": release " + row->release +
                     " of " + row->owner + " holds it",
                 "wait until " + row->release + " has ended (slipway status " + app.environment +
                     "), or stop it: slipway abort " + app.environment);
  }
  ports::Lease taken{app, row->epoch, owner, release};
  if (row->owner != owner) ++taken.epoch;
  return taken;
}

Result<void> check_fence(const std::optional<ports::Lease>& row, const ports::Lease& writer) {
  if (row && row->epoch == writer.epoch) return ok();
  const std::string tried =
      "cannot write for " + place(writer.app) + " with epoch " + std::to_string(writer.epoch);
  if (row && row->epoch > writer.epoch) {
    return Error(
        Code::Fenced,
        tried + ": " + row->owner + " has taken over with epoch " + std::to_string(row->epoch),
        "nothing to repair: " + row->owner + " goes on; end this daemon if it still runs");
  }
  return Error(Code::Conflict, tried + ": the store knows no such lease",
               "the store is older than its writer (was a copy restored?): restart the daemon");
}

Result<void> check_ended_once(const std::string& release, const std::string& before,
                              const std::string& now) {
  if (before.empty() || before == now) return ok();
  return Error(Code::Conflict,
               "cannot end " + release + " as " + now + ": it has already ended as " + before,
               "look at its history: slipway history " + release);
}

Error no_such_release(const std::string& id) {
  return Error(Code::NotFound, "there is no release " + id, "list them: slipway history");
}

}  // namespace slipway::store

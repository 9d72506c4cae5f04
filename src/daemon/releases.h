#pragma once
// Releases: which release runs where; starts them, takes them up after a crash, passes commands on.
// One release at a time acts in an environment; a second one is refused by name of its owner, or
// waits for the first to be taken back.
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "daemon/release_request.h"
#include "daemon/running_release.h"

namespace slipway::daemon {

class Releases {
 public:
  Releases(House& house, EventHub& hub) : house_(house), hub_(hub) {}
  ~Releases() { close(); }

  // Called on a release's thread when it has ended in this environment.
  void on_end(std::function<void(const ports::AppRef&)> told) { told_ = std::move(told); }

  // Every unfinished release of the store gets its thread again.
  Result<void> take_up();

  struct Started {
    std::string release;
    std::string plan_hash;
    std::vector<std::string> notes;
  };
  // details: what an error adds to its document (diagnostics, owner).
  Result<Started> start(const ReleaseRequest& request, Json& details);
  Result<release::Phase> command(const std::string& id, release::Command command);

  std::shared_ptr<RunningRelease> running(const ports::AppRef& app) const;  // null: none
  std::shared_ptr<RunningRelease> running(const std::string& id) const;
  std::vector<std::shared_ptr<RunningRelease>> all() const;

  // Runs `body` while no release runs and none can start there; LeaseHeld names the one that does.
  Result<void> while_quiet(const ports::AppRef& app, const std::function<Result<void>()>& body,
                           Json& details);

  // Every release is left where it is; returns when all threads are gone.
  void close();

 private:
  struct Gate {
    std::mutex busy;  // held while something starts, or acts without a release
    std::shared_ptr<RunningRelease> running;  // guarded by mutex_
    std::shared_ptr<RunningRelease> waiting;  // guarded by mutex_
  };
  Gate& gate(const ports::AppRef& app);
  Error held_by(const RunningRelease& running, Json& details) const;
  void begin(Gate& gate, ports::ReleaseRow row, plan::Plan plan);
  void ended(Gate& gate, RunningRelease& release);
  void forget_ended();

  House& house_;
  EventHub& hub_;
  std::function<void(const ports::AppRef&)> told_;
  mutable std::mutex mutex_;
  std::map<ports::AppRef, std::unique_ptr<Gate>> gates_;
  std::vector<std::shared_ptr<RunningRelease>> threads_;
  bool closing_ = false;
};

}  // namespace slipway::daemon

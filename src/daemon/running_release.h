#pragma once
// One running release: a thread with a Runner in it. Whatever fails outside the release itself
// (drivers that cannot be made, a journal that cannot be read) is tried again until it works or the
// daemon stops.
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "daemon/event_hub.h"
#include "daemon/house.h"
#include "daemon/mailbox.h"

namespace slipway::daemon {

class RunningRelease final : public release::Listener {
 public:
  // What status shows. The plan never changes.
  struct View {
    release::State state;
    std::string progress;
    Error trouble;         // why it does not go on; empty what: nothing
    bool waiting = false;  // for the release it supersedes
  };

  // before: the release this one waits for; null: none. on_end is called on the release's thread,
  // once, when it has ended (not when it is left for the next daemon).
  RunningRelease(House& house, EventHub& hub, ports::ReleaseRow row, plan::Plan plan,
                 std::shared_ptr<RunningRelease> before,
                 std::function<void(RunningRelease&)> on_end);
  ~RunningRelease() override;
  void start();
  // Ask the thread to leave the release where it is; wait for that with join().
  void close() { mailbox_.close(); }
  void join();

  const ports::ReleaseRow& row() const { return row_; }
  const plan::Plan& plan() const { return plan_; }
  // The release whose slots it fills: its own, or the kept one a rollback goes back to.
  const std::string& new_slot() const {
    return plan_.target_release.empty() ? row_.id : plan_.target_release;
  }
  View view() const;
  bool is_over() const;  // ended, or left

  Result<void> post(release::Command command) { return mailbox_.post(std::move(command)); }
  // Waits until the command was answered; Timeout after at_most.
  Result<release::Phase> command(release::Command command, Millis at_most);

  void on_record(const ports::Record& record, const release::State& state) override;
  void on_progress(const std::string& step, const std::string& text) override;

 private:
  void work();
  bool wait_for_predecessor();
  Result<bool> still_fits();
  Result<release::State> stored_state();  // by the journal
  Result<release::Ending> attempt();
  Result<void> drop(const std::string& why);
  void stalled(const Error& why);
  void ended();
  void over();
  void time_step(const release::State& before, const release::State& after);

  House& house_;
  EventHub& hub_;
  ports::ReleaseRow row_;
  plan::Plan plan_;
  std::shared_ptr<RunningRelease> before_;
  std::function<void(RunningRelease&)> on_end_;
  ThreadMailbox mailbox_;
  mutable std::mutex mutex_;
  std::condition_variable over_changed_;
  View view_;
  bool over_ = false;
  std::int64_t last_seq_ = 0;
  std::int64_t told_ms_ = 0;  // when progress was last sent
  std::thread thread_;
};

}  // namespace slipway::daemon

#include "daemon/running_release.h"

#include <future>

#include "base/crash_point.h"
#include "daemon/documents.h"
#include "daemon/timings.h"
#include "release/notices.h"

namespace slipway::daemon {
namespace {
constexpr Millis kRetry{1000};
constexpr Millis kLookForEnd{50};
constexpr std::int64_t kProgressEvery_ms = 100;

void answer_all(ThreadMailbox& mailbox, Millis at_most, const Error& why) {
  while (auto command = mailbox.wait(at_most)) {
    if (command->answer) command->answer(why);
    at_most = Millis(0);
  }
}
}  // namespace

RunningRelease::RunningRelease(House& house, EventHub& hub, ports::ReleaseRow row, plan::Plan plan,
                               std::shared_ptr<RunningRelease> before,
                               std::function<void(RunningRelease&)> on_end)
    : house_(house),
      hub_(hub),
      row_(std::move(row)),
      plan_(std::move(plan)),
      before_(std::move(before)),
      on_end_(std::move(on_end)) {
  view_.waiting = before_ != nullptr;
}

RunningRelease::~RunningRelease() {
  mailbox_.close();
  join();
}

void RunningRelease::start() {
  // Known from the first moment on: what is taken up again may have traffic already.
  if (const auto state = stored_state()) {
    const std::lock_guard lock(mutex_);
    view_.state = *state;
  }
  thread_ = std::thread([this] { work(); });
}

void RunningRelease::join() {
  if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id()) thread_.join();
}

RunningRelease::View RunningRelease::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

bool RunningRelease::is_over() const {
  const std::lock_guard lock(mutex_);
  return over_;
}

void RunningRelease::over() {
  mailbox_.close();
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  over_changed_.notify_all();
}

Result<release::Phase> RunningRelease::command(release::Command command, Millis at_most) {
  auto answered = std::make_shared<std::promise<Result<void>>>();
  auto answer = answered->get_future();
  command.answer = [answered](Result<void> result) { answered->set_value(std::move(result)); };
  TRY(mailbox_.post(std::move(command)));
  if (answer.wait_for(at_most) != std::future_status::ready) {
    return Error(Code::Timeout,
                 row_.id + " did not answer within " + std::to_string(at_most.count()) + " ms",
                 "the command stays queued; look at it: slipway status");
  }
  TRY(answer.get());
  return view().state.phase;
}

// The thread's story: wait for my turn, then try until the release has ended.
void RunningRelease::work() {
  house_.log.note("daemon", row_.id + " runs",
                  Json::object().set("release", row_.id).set("version", row_.version));
  if (wait_for_predecessor()) {
    while (!mailbox_.closing()) {
      const auto ending = attempt();
      if (ending) {
        ended();
        break;
      }
      if (mailbox_.closing()) break;
      if (ending.error().code == Code::Fenced) {
        house_.log.error("daemon",
                         row_.id + " belongs to another daemon now: " + ending.error().sentence());
        break;
      }
      stalled(ending.error());
    }
  }
  before_.reset();
  over();
}

void RunningRelease::stalled(const Error& why) {
  house_.log.warning("daemon", row_.id + " does not go on: " + why.sentence());
  {
    const std::lock_guard lock(mutex_);
    view_.trouble = why;
  }
  on_progress("daemon", "waiting: " + why.sentence());
  answer_all(mailbox_, kRetry, why);
}

// A superseded release is asked to go back until it has ended; false when the daemon stops first.
bool RunningRelease::wait_for_predecessor() {
  if (before_ == nullptr) return true;
  release::Command abort;
  abort.kind = release::EventKind::Abort;
  abort.by = row_.by;
  abort.reason = "superseded by " + row_.id;
  abort.superseded = true;
  // It may have ended in between: then there is nobody to tell, and nothing to wait for.
  (void)before_->post(abort);
  on_progress("daemon", "waiting until " + before_->row().id + " has been taken back");
  while (!before_->is_over()) {
    if (mailbox_.closing()) return false;
    answer_all(mailbox_, kLookForEnd,
               Error(Code::Refused, row_.id + " has not begun yet", "wait a moment"));
  }
  const std::lock_guard lock(mutex_);
  view_.waiting = false;
  return !mailbox_.closing();
}

// The plan was made while another release ran: what it replaces must still be what is live.
Result<bool> RunningRelease::still_fits() {
  if (TRY(house_.store.last_record(row_.id))) return true;  // it has begun: the machine decides
  const auto live = TRY(house_.store.live(row_.app));
  return live.release == (plan_.old ? plan_.old->id : "");
}

Result<void> RunningRelease::drop(const std::string& why) {
  const auto lease = TRY(house_.store.take_lease(row_.app, house_.owner, row_.id));
  TRY(house_.store.tell(release::dropped_notice(plan_, row_.id, why, house_.now_ms())));
  TRY(house_.store.end_release(lease, row_.id, "aborted", why, house_.now_ms()));
  return house_.store.free_lease(lease);
}

Result<release::State> RunningRelease::stored_state() {
  release::State state;
  if (const auto last = TRY(house_.store.last_record(row_.id))) {
    const auto read = release::decode(last->state);
    if (!read) {
      return Error(Code::Corrupt,
                   "the journal's last record of " + row_.id + " cannot be read: " + last->state,
                   "restore the store from a backup, or run the slipway that wrote it");
    }
    state = *read;
  }
  return state;
}

Result<release::Ending> RunningRelease::attempt() {
  if (!TRY(still_fits())) {
    const std::string why = "another release became live before this one began: deploy it again";
    TRY(drop(why));
    return release::Ending{release::Phase::Aborted, why};
  }
  auto drivers = TRY(house_.drivers(plan_.settings, plan_.app));
  crash_point("daemon.before-lease");
  const auto lease = TRY(house_.store.take_lease(row_.app, house_.owner, row_.id));
  crash_point("daemon.after-lease");
  const auto state = TRY(stored_state());
  {
    const std::lock_guard lock(mutex_);
    view_.state = state;
    view_.trouble = {};
  }
  release::Runner runner(world_of(house_, *drivers), lease, plan_, row_.id, state, this);
  return runner.run(mailbox_);
}

void RunningRelease::on_record(const ports::Record& record, const release::State& state) {
  release::State before;
  {
    const std::lock_guard lock(mutex_);
    before = std::exchange(view_.state, state);
    view_.trouble = {};
    if (before.step != state.step || before.phase != state.phase) view_.progress.clear();
    last_seq_ = record.seq;
  }
  time_step(before, state);
  for (const auto& telling : record.tell) {
    house_.log.note(
        "daemon", telling.notice.text,
        Json::object().set("notice", telling.notice.kind).set("release", record.release));
  }
  hub_.record(row_.id, record.seq, record_event(record, plan_));
}

// Figures and estimates: how long the step just left has taken.
void RunningRelease::time_step(const release::State& before, const release::State& after) {
  const bool left = before.phase == release::Phase::Settling && before.since_ms > 0 &&
                    (after.step != before.step || release::is_ended(after.phase));
  if (!left || is_taking_back(after.phase) || before.step >= static_cast<int>(plan_.steps.size()))
    return;
  const auto& step = plan_.steps[static_cast<std::size_t>(before.step)];
  const double seconds = static_cast<double>(house_.now_ms() - before.since_ms) / 1000.0;
  house_.metrics.observe("slipway_step_seconds", {{"kind", std::string(name_of(step.kind))}},
                         seconds);
}

void RunningRelease::on_progress(const std::string& step, const std::string& text) {
  const auto now = house_.now_ms();
  {
    const std::lock_guard lock(mutex_);
    if (view_.progress == text && now - told_ms_ < 1000) return;
    view_.progress = text;
    if (now - told_ms_ < kProgressEvery_ms) return;
    told_ms_ = now;
  }
  hub_.progress(row_.id, progress_event(row_.id, step, text, now));
}

void RunningRelease::ended() {
  crash_point("daemon.after-end");
  const auto row = house_.store.release(row_.id).value_or(row_);
  house_.metrics.add(
      "slipway_releases_total",
      {{"app", row.app.app}, {"environment", row.app.environment}, {"outcome", row.outcome}});
  house_.log.note(
      "daemon", row.id + " ended: " + row.outcome,
      Json::object().set("release", row.id).set("outcome", row.outcome).set("reason", row.reason));
  if (row.outcome == "completed") keep_timings(house_.store, row, plan_);
  on_end_(*this);
  hub_.end(row.id, ended_event(row, last_seq_));
}

}  // namespace slipway::daemon

#include "release/runner.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "release/alert_trigger.h"
#include "release/facts.h"
#include "release/notices.h"
#include "release/performer.h"

namespace slipway::release {
namespace {
constexpr Millis kStoreRetry{500};

Event event_of(const ports::Outcome& outcome) {
  using Kind = ports::Outcome::Kind;
  Event event;
  event.kind = outcome.kind == Kind::Applied      ? EventKind::Applied
               : outcome.kind == Kind::NotApplied ? EventKind::NotApplied
                                                  : EventKind::Unknown;
  event.detail = outcome.kind == Kind::Applied ? "" : outcome.why.sentence();
  event.retryable = outcome.kind == Kind::NotApplied && facts_of(outcome.why.code).retryable;
  return event;
}

Event event_of(const Sight& sight) {
  Event event;
  event.kind = sight.kind;
  event.detail = sight.why;
  event.after = sight.after;
  event.verdict = sight.verdict;
  return event;
}

Event event_of(const Command& command) {
  Event event;
  event.kind = command.kind;
  event.detail = command.reason;
  event.by = command.by;
  event.full = command.full;
  event.superseded = command.superseded;
  return event;
}

bool is_fenced(const Result<void>& result) {
  return !result && result.error().code == Code::Fenced;
}
}  // namespace

Runner::Runner(World world, ports::Lease lease, const plan::Plan& plan, std::string release,
               State state, Listener* listener)
    : world_(world),
      lease_(std::move(lease)),
      plan_(plan),
      release_(std::move(release)),
      state_(std::move(state)),
      listener_(listener),
      performer_(std::make_unique<Performer>(make_scene(world_, lease_, plan_, release_))) {}

Runner::~Runner() = default;

// The story of every release: wait, do the effect, journal what came of it, until it has ended.
Result<Ending> Runner::run(Mailbox& mailbox) {
  Event event;
  event.kind = EventKind::Recovered;
  std::optional<Event> unwritten = event;
  while (!mailbox.closing()) {
    if (unwritten) {
      const auto taken = take(*unwritten);
      if (is_fenced(taken)) return taken.error();
      // A full disk stops the release where it is; nothing is done that the journal does not know.
      if (!taken) {
        report_stall(taken.error());
        if (auto command = mailbox.wait(kStoreRetry)) refuse(*command, taken.error());
        continue;
      }
      unwritten.reset();
    }
    if (next_.effect == Effect::Finish) return finish(mailbox);
    if (auto command = mailbox.wait(next_.delay)) {
      const auto answered = answer(*command);
      if (is_fenced(answered)) return answered.error();
      continue;
    }
    if (!mailbox.closing()) unwritten = perform(next_.effect);
  }
  return Error(Code::Internal, release_ + " was left where it is",
               "the next slipway daemon takes it up again");
}

Event Runner::perform(Effect effect) {
  const OpId op{release_, is_ended(state_.phase) ? "" : op_step(plan_, state_),
                std::max(1, state_.attempt)};
  Event event;
  crash_point("runner.before-effect");
  switch (effect) {
    case Effect::Begin:
      event.kind = EventKind::Begin;
      break;
    case Effect::Act:
      event = event_of(performer_->act(state_, op));
      break;
    case Effect::Observe:
      event = event_of(performer_->look(state_));
      break;
    case Effect::Guard:
      event = event_of(performer_->guard(state_));
      break;
    case Effect::BackAct:
      event = event_of(performer_->undo(state_, op));
      break;
    case Effect::BackObserve:
      event = event_of(performer_->look_undone(state_));
      break;
    case Effect::None:
    case Effect::Finish:
      ASSERT(false);
  }
  crash_point("runner.after-effect");
  overdue(event);
  if (effect == Effect::Observe || effect == Effect::Guard) heed_alerts(event);
  return event;
}

// An alert from outside is a verdict, whatever the counts say.
void Runner::heed_alerts(Event& event) const {
  if (event.kind == EventKind::Bad) return;
  auto why = fired_alert(world_.store, plan_, release_, state_);
  if (!why) return;
  event = {};
  event.kind = EventKind::Bad;
  event.verdict = true;
  event.detail = std::move(*why);
}

// Waiting has an end: what is still pending after the step's deadline is overdue.
void Runner::overdue(Event& event) const {
  if (event.kind != EventKind::Pending || state_.phase == Phase::Held) return;
  if (state_.phase == Phase::Planned) return;
  const auto& current = plan_.steps[static_cast<std::size_t>(state_.step)];
  // A judged step ends by itself: pass, fail, or not enough data.
  if (current.kind == plan::StepKind::Judge || current.kind == plan::StepKind::Watch) return;
  const auto deadline = current.deadline;
  if (deadline.count() == 0 || to_unix_ms(world_.clock.now()) - state_.since_ms < deadline.count())
    return;
  event.kind = EventKind::Overdue;
}

Result<void> Runner::take(const Event& event) {
  const Decision decision = step(plan_, state_, event, world_.clock.now());
  ASSERT(!decision.refused);
  TRY(accept(event, decision));
  return ok();
}

Result<void> Runner::accept(const Event& event, const Decision& decision) {
  if (decision.state != state_) {
    TRY(journal(event, decision.state));
    state_ = decision.state;
  } else if (listener_ != nullptr && !event.detail.empty() && event.kind == EventKind::Pending) {
    listener_->on_progress(plan_.steps[static_cast<std::size_t>(state_.step)].id, event.detail);
  }
  next_ = {decision.effect, decision.delay};
  return ok();
}

// The record is both the outcome of what was done and the intent of what comes next.
Result<void> Runner::journal(const Event& event, const State& next) {
  ports::Record record;
  record.release = release_;
  record.epoch = lease_.epoch;
  record.at_ms = to_unix_ms(world_.clock.now());
  record.event = name_of(event.kind);
  record.step =
      state_.phase == Phase::Planned || is_ended(state_.phase) ? "" : op_step(plan_, state_);
  if (next.phase == Phase::Acting || next.phase == Phase::BackActing) {
    record.op = OpId{release_, op_step(plan_, next), next.attempt}.text();
  }
  record.detail = event.by.empty() ? event.detail
                                   : event.by + (event.detail.empty() ? "" : ": " + event.detail);
  record.state = encode(next);
  record.tell = notices_of({plan_, release_, state_, next, event, record.at_ms});
  record.values = performer_->to_keep();
  crash_point("runner.before-journal");
  record.seq = TRY(world_.store.append(lease_, record));
  performer_->kept();
  crash_point("runner.after-journal");
  if (listener_ != nullptr) listener_->on_record(record, next);
  return ok();
}

Result<void> Runner::answer(const Command& command) {
  const Event event = event_of(command);
  const Decision decision = step(plan_, state_, event, world_.clock.now());
  if (decision.refused) {
    if (command.answer)
      command.answer(Error(Code::Refused, decision.refusal, "see `slipway status`"));
    return ok();
  }
  auto taken = accept(event, decision);
  if (command.answer) command.answer(taken);
  return taken;
}

void Runner::refuse(const Command& command, const Error& why) const {
  if (command.answer) command.answer(why.in("the journal cannot be written"));
}

void Runner::report_stall(const Error& why) const {
  if (listener_ != nullptr) listener_->on_progress("journal", "waiting: " + why.sentence());
}

Result<void> Runner::write_end() {
  const Ending ending{state_.phase, state_.reason};
  if (ending.phase == Phase::RolledBack && plan_.kind == plan::RequestKind::Deploy) {
    TRY(mark_bad(world_.store, release_, ending.reason));
  }
  const std::string outcome = ending.phase == Phase::Completed    ? "completed"
                              : ending.phase == Phase::RolledBack ? "rolled_back"
                                                                  : "aborted";
  crash_point("runner.before-end");
  TRY(world_.store.end_release(lease_, release_, outcome, ending.reason,
                               to_unix_ms(world_.clock.now())));
  crash_point("runner.after-end");
  return world_.store.free_lease(lease_);
}

Result<Ending> Runner::finish(Mailbox& mailbox) {
  while (true) {
    const auto written = write_end();
    if (written) return Ending{state_.phase, state_.reason};
    if (is_fenced(written) || mailbox.closing()) return written.error();
    report_stall(written.error());
    if (auto command = mailbox.wait(kStoreRetry)) refuse(*command, written.error());
  }
}

}  // namespace slipway::release

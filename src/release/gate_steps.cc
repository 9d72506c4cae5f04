// Gate: what must be open before a release changes anything.
#include <algorithm>

#include "checks/answer.h"
#include "checks/people.h"
#include "plan/approvals.h"
#include "plan/gates.h"
#include "release/notices.h"
#include "release/performer.h"

namespace slipway::release {
namespace {
// A command begins the wait anew, so it is short.
constexpr Millis kLongestWait{5'000};
constexpr Millis kAgain{1'000};
constexpr Millis kLookForApprovals{500};
constexpr Millis kLookForReports{5'000};
constexpr Millis kFresh{10 * 60'000};  // what was seen to hold so long ago is looked at again
}  // namespace

// The zone is read once: a gate that waits keeps to the rules it began with.
Result<void> GateSteps::read_calendar() {
  if (calendar_) return ok();
  const auto gates = plan::gates_in_force(scene_.plan);
  auto zone = plan::Zone::utc();
  if (gates.window.zone != "UTC") {
    if (scene_.world.zones == nullptr)
      return Error(Code::NotFound, "there are no time zones here", "use window.zone: UTC");
    zone =
        TRY(plan::Zone::parse(gates.window.zone, TRY(scene_.world.zones->read(gates.window.zone))));
  }
  calendar_ = TRY(plan::Calendar::make(gates, std::move(zone)));
  return ok();
}

// A gate that cannot be asked stays closed, until its patience ends.
Sight GateSteps::window(const plan::Step& step) {
  const bool is_asked = plan::gates_in_force(scene_.plan).has_calendar();
  if (!is_asked) return Sight::settled(plan::skipped_text(scene_.plan, step));
  const auto read = read_calendar();
  if (!read) return Sight::pending("cannot ask the window: " + read.error().sentence(), kAgain);
  const std::int64_t now_ms = to_unix_ms(scene_.world.clock.now());
  const auto answer = plan::answer_of(*calendar_, now_ms / 1000);
  if (answer.open) {
    const std::string skipped = plan::skipped_text(scene_.plan, step);
    return Sight::settled(skipped.empty() ? answer.why : skipped);
  }
  const Millis left = answer.opens_s ? Millis(*answer.opens_s * 1000 - now_ms) : kLongestWait;
  return Sight::pending(answer.why, std::clamp(left, Millis(1), kLongestWait));
}

// Those who may approve are told once, however often the release is begun again: the key of the
// notice is the same. A store that does not take it now is asked again at the next look.
void GateSteps::ask_for_approval(const std::string& why) {
  if (asked_) return;
  const auto told = scene_.world.store.tell(
      approval_notice(scene_.plan, scene_.release, why, to_unix_ms(scene_.world.clock.now())));
  asked_ = told.has_value();
}

Sight GateSteps::approvals(const plan::Step& step) {
  const std::string skipped = plan::skipped_text(scene_.plan, step);
  if (!skipped.empty()) return Sight::settled(skipped);
  const auto row = scene_.world.store.release(scene_.release);
  const auto kept = scene_.world.store.values(plan::approval_prefix(scene_.release));
  if (!row || !kept) return Sight::pending("cannot read the approvals now", kAgain);
  std::vector<plan::Approval> given;
  for (const auto& [key, json] : *kept) given.push_back(plan::approval_from_json(json));
  const auto answer = plan::answer_of(scene_.plan, given, row->by);
  if (answer.open) return Sight::settled(answer.why);
  ask_for_approval(answer.why);
  return Sight::pending(answer.why, kLookForApprovals);
}

plan::GateAnswer GateSteps::answer_of(const config::GateCheck& check) {
  const auto question = checks::question_of(scene_.plan, check, scene_.release);
  ports::Evidence evidence;
  if (question && scene_.world.inquiry == nullptr)
    return {false, "nothing can be looked at here", {}};
  if (question) evidence = scene_.world.inquiry->look(*question);
  return checks::answer_of(scene_.plan, check, evidence, to_unix_ms(scene_.world.clock.now()));
}

// As with approvals, people are told once, however often the release is begun again.
Sight GateSteps::person(const config::GateCheck& check) {
  const auto kept = scene_.world.store.values(checks::confirmation_prefix(scene_.release));
  if (!kept) return Sight::pending("cannot read what was confirmed now", kAgain);
  std::vector<checks::Confirmation> given;
  for (const auto& [key, json] : *kept) given.push_back(checks::confirmation_from_json(json));
  const auto answer = checks::answer_of(scene_.plan, check, given);
  if (answer.open) return Sight::settled(answer.why);
  if (!told_.contains(check.name)) {
    const auto told = scene_.world.store.tell(question_notice(
        scene_.plan, scene_.release, check.name, answer.why, to_unix_ms(scene_.world.clock.now())));
    if (told) told_.insert(check.name);
  }
  return Sight::pending(answer.why, kLookForApprovals);
}

Sight GateSteps::check(const plan::Step& step, const config::GateCheck& check) {
  const std::string skipped = plan::skipped_text(scene_.plan, step);
  if (!skipped.empty()) return Sight::settled(skipped);
  if (is_asked(check)) return person(check);
  const auto answer = answer_of(check);
  if (!answer.open) return Sight::pending(answer.why, std::min(kLookForReports, step.deadline));
  seen_[step.id] = scene_.world.clock.monotonic();
  return Sight::settled(answer.why);
}

Sight GateSteps::still_open(const plan::Step& step) {
  for (const auto& earlier : scene_.plan.steps) {
    if (&earlier == &step) break;
    const auto* earlier_check = plan::check_of(scene_.plan, earlier);
    if (earlier_check == nullptr || is_asked(*earlier_check)) continue;
    const auto seen = seen_.find(earlier.id);
    const bool is_fresh =
        seen != seen_.end() && scene_.world.clock.monotonic() - seen->second < kFresh;
    if (is_fresh || earlier_check->patience.on_expiry == config::OnExpiry::GoOn) continue;
    const Sight again = check(earlier, *earlier_check);
    if (again.kind != EventKind::Settled)
      return Sight::pending("does not hold any more: " + again.why, again.after);
  }
  return Sight::settled();
}

Sight GateSteps::look(const plan::Step& step) {
  if (const auto* found = plan::check_of(scene_.plan, step)) return check(step, *found);
  return step.gate == "approvals" ? approvals(step) : window(step);
}

}  // namespace slipway::release

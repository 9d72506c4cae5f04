#include "daemon/documents.h"

#include <map>

#include "daemon/event_hub.h"
#include "plan/gates.h"

namespace slipway::daemon {

using release::Phase;

int http_status(Code code) {
  static const std::map<Code, int> kStatus{
      {Code::Usage, 400},           {Code::Malformed, 400},       {Code::DaemonVersion, 400},
      {Code::Unauthorized, 401},    {Code::Forbidden, 403},       {Code::NotFound, 404},
      {Code::Conflict, 409},        {Code::LeaseHeld, 409},       {Code::Refused, 409},
      {Code::AlreadyExists, 409},   {Code::Fenced, 409},          {Code::NothingToRollBack, 409},
      {Code::TooLarge, 413},        {Code::ConfigInvalid, 422},   {Code::Unsupported, 422},
      {Code::ArtifactMissing, 422}, {Code::EdgeUnreachable, 502}, {Code::Timeout, 504},
      {Code::DiskFull, 507},
  };
  const auto found = kStatus.find(code);
  return found == kStatus.end() ? 500 : found->second;
}

Json problem_document(const Error& error) {
  return Json::object()
      .set("code", facts_of(error.code).name)
      .set("what", error.what)
      .set("next", error.next);
}

Json error_document(const Error& error, const Json& details) {
  const CodeFacts& facts = facts_of(error.code);
  Json body = Json::object();
  body.set("code", facts.name).set("number", static_cast<int>(error.code)).set("what", error.what);
  body.set("next", error.next).set("exit_code", facts.exit_code);
  for (const auto& [key, value] : details.members()) body.set(key, value);
  return Json::object().set("error", std::move(body));
}

bool is_taking_back(Phase phase) {
  return phase == Phase::BackActing || phase == Phase::BackSettling;
}

Json state_document(const release::State& state) {
  return Json::object()
      .set("phase", name_of(state.phase))
      .set("step", state.step)
      .set("attempt", state.attempt)
      .set("hold", state.hold)
      .set("taking_back", is_taking_back(state.phase))
      .set("cause", name_of(state.cause))
      .set("reason", state.reason)
      .set("since_ms", state.since_ms);
}

int step_number(const plan::Plan& plan, const std::string& step) {
  constexpr std::string_view kUndo = "undo-";
  for (const std::string& name :
       {step, step.starts_with(kUndo) ? step.substr(kUndo.size()) : step}) {
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      if (plan.steps[i].id == name) return static_cast<int>(i) + 1;
    }
  }
  return 0;
}

double percent_new(const plan::Plan& plan, const release::State& state) {
  if (state.phase == Phase::Completed) return 100;
  if (state.phase == Phase::RolledBack || state.phase == Phase::Aborted) return 0;
  const int done = state.phase == Phase::Held && state.at_boundary ? state.step + 1 : state.step;
  double percent = 0;
  for (int i = 0; i < done && i < static_cast<int>(plan.steps.size()); ++i) {
    const auto& step = plan.steps[static_cast<std::size_t>(i)];
    if (step.kind == plan::StepKind::Shift) percent = step.percent;
  }
  return percent;
}

Json record_document(const ports::Record& record, const plan::Plan& plan) {
  const auto state = release::decode(record.state).value_or(release::State{});
  const int number = step_number(plan, record.step);
  std::string text;
  if (number > 0) {
    const auto& step = plan.steps[static_cast<std::size_t>(number - 1)];
    text = record.step == step.id ? step.text : step.undo_text;
  }
  return Json::object()
      .set("seq", record.seq)
      .set("release", record.release)
      .set("at_ms", record.at_ms)
      .set("event", record.event)
      .set("step", record.step)
      .set("text", text)
      .set("index", number)
      .set("of", static_cast<int>(plan.steps.size()))
      .set("op", record.op)
      .set("detail", record.detail)
      .set("state", state_document(state))
      .set("percent", percent_new(plan, state));
}

std::string record_event(const ports::Record& record, const plan::Plan& plan) {
  return event_text("record", record.seq, record_document(record, plan).dump());
}

std::string progress_event(const std::string& release, const std::string& step,
                           const std::string& text, std::int64_t at_ms) {
  const Json body = Json::object()
                        .set("release", release)
                        .set("step", step)
                        .set("text", text)
                        .set("at_ms", at_ms);
  return event_text("progress", 0, body.dump());
}

int exit_code_of(const ports::ReleaseRow& row) {
  if (row.outcome == "rolled_back") return 4;
  if (row.outcome != "aborted") return 0;
  return plan::was_refused_by_gate(row.reason) ? facts_of(Code::Refused).exit_code : 5;
}

namespace {
// A release that was taken back by itself says where to look; a reason that knows better keeps its
// own next step, and who aborted it knows why.
std::string reason_with_next(const ports::ReleaseRow& row) {
  constexpr std::string_view kNext = "\n  next: ";
  const bool is_told = row.reason.find(kNext) != std::string::npos;
  if (row.outcome != "rolled_back" || is_told) return row.reason;
  return row.reason + std::string(kNext) + "see what it printed: slipway logs --env " +
         row.app.environment + " --release " + row.id + "; every step: slipway history " + row.id +
         "; then deploy a corrected version";
}
}  // namespace

std::string ended_event(const ports::ReleaseRow& row, std::int64_t last_seq) {
  const Json body = Json::object()
                        .set("release", row.id)
                        .set("version", row.version)
                        .set("outcome", row.outcome)
                        .set("reason", reason_with_next(row))
                        .set("exit_code", exit_code_of(row))
                        .set("at_ms", row.ended_ms);
  return event_text("ended", last_seq, body.dump());
}

Json release_document(const ports::ReleaseRow& row, const std::string& live_release,
                      const std::string& bad) {
  return Json::object()
      .set("id", row.id)
      .set("number", row.number)
      .set("app", row.app.app)
      .set("environment", row.app.environment)
      .set("kind", row.kind)
      .set("version", row.version)
      .set("by", row.by)
      .set("plan_hash", row.plan_hash)
      .set("outcome", row.outcome)
      .set("reason", row.reason)
      .set("created_ms", row.created_ms)
      .set("ended_ms", row.ended_ms)
      .set("live", row.id == live_release)
      .set("bad", bad);
}

Json notice_document(const ports::Notice& notice, const std::vector<ports::Delivery>& deliveries) {
  Json channels = Json::array();
  for (const auto& delivery : deliveries) {
    if (delivery.notice.key != notice.key) continue;
    channels.push_back(Json::object()
                           .set("channel", delivery.to.channel)
                           .set("state", ports::name_of(delivery.state))
                           .set("attempts", delivery.attempts)
                           .set("next_ms", delivery.next_ms)
                           .set("ended_ms", delivery.ended_ms)
                           .set("error", delivery.error));
  }
  return ports::to_json(notice).set("deliveries", channels);
}

}  // namespace slipway::daemon

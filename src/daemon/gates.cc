#include "daemon/gates.h"

#include <algorithm>

#include "checks/answer.h"
#include "io/zone_file.h"

namespace slipway::daemon {
namespace {
class ZoneFiles final : public ports::Zones {
 public:
  Result<std::string> read(const std::string& name) override { return io::read_zone_file(name); }
};

Result<plan::Calendar> calendar_of(const plan::Plan& plan) {
  const auto gates = plan::gates_in_force(plan);
  const auto& zone = gates.window.zone;
  return plan::Calendar::make(gates, TRY(plan::Zone::parse(zone, TRY(io::read_zone_file(zone)))));
}

void add_answer(const plan::Plan& plan, std::int64_t now_ms, Json& out) {
  const auto calendar = calendar_of(plan);
  if (!calendar) {
    out.set("open", false).set("why", calendar.error().sentence());
    return;
  }
  const auto answer = plan::answer_of(*calendar, now_ms / 1000);
  out.set("open", answer.open).set("why", answer.why);
  if (answer.opens_s) out.set("opens_ms", *answer.opens_s * 1000);
}

// A plan is looked at often and by anybody: that must not run commands.
constexpr Millis kLook{3'000};

struct Standing {
  plan::GateAnswer answer;
  bool looked = true;
};

Standing standing_of(const plan::Plan& plan, const config::GateCheck& check, int at,
                     std::int64_t now_ms, const Ballot& ballot) {
  if (is_asked(check)) return {checks::answer_of(plan, check, ballot.confirmed)};
  if (at < ballot.reached) return {{true, "held when it was looked at", {}}};
  if (at == ballot.reached) return {{false, ballot.progress, {}}};
  auto question = checks::question_of(plan, check, "");
  if (!question) return {checks::answer_of(plan, check, {}, now_ms)};
  if (!question->run.empty())
    return {{false, "`" + question->run + "` runs when the release gets there", {}}, false};
  if (ballot.inquiry == nullptr)
    return {{false, "the release looks when it gets there", {}}, false};
  question->timeout = std::min(question->timeout, kLook);
  return {checks::answer_of(plan, check, ballot.inquiry->look(*question), now_ms)};
}

void add_standing(const Standing& standing, const std::string& skipped, Json& out) {
  out.set("open", standing.answer.open || !skipped.empty())
      .set("why", skipped.empty() ? standing.answer.why : "")
      .set("looked", standing.looked || !skipped.empty());
}
}  // namespace

ports::Zones& zone_files() {
  static ZoneFiles files;
  return files;
}

Json gates_document(const plan::Plan& plan, std::int64_t now_ms, const Ballot& ballot) {
  Json out = Json::array();
  for (const auto& step : plan.steps) {
    if (step.kind != plan::StepKind::Gate) continue;
    Json one = Json::object();
    one.set("gate", step.gate).set("step", step.id);
    const std::string skipped = plan::skipped_text(plan, step);
    const int at = static_cast<int>(&step - plan.steps.data());
    if (const auto* check = plan::check_of(plan, step)) {
      add_standing(skipped.empty() ? standing_of(plan, *check, at, now_ms, ballot) : Standing(),
                   skipped, one);
    } else if (step.gate == "window") {
      add_answer(plan, now_ms, one);
    } else {
      add_standing({plan::answer_of(plan, ballot.given, ballot.requester)}, skipped, one);
    }
    one.set("expires_ms", std::int64_t{step.deadline.count()})
        .set("on_expiry", config::name_of(step.on_expiry))
        .set("skipped", skipped);
    out.push_back(std::move(one));
  }
  return out;
}

Result<void> refuse_hopeless(const plan::Plan& plan, std::int64_t now_ms) {
  const auto* step = plan::gate_step(plan, "window");
  if (step == nullptr) return ok();
  const auto calendar = TRY(calendar_of(plan));
  const auto answer = plan::answer_of(calendar, now_ms / 1000);
  const std::string why = plan::why_hopeless(*step, answer, calendar, now_ms / 1000);
  if (why.empty()) return ok();
  const bool frozen = why.find(" is frozen: ") != std::string::npos;
  return Error(
      Code::Refused, plan.environment + " takes no release now: " + why,
      std::string("come back then, let it wait longer (window.expires), or leave the rule out "
                  "on the record: slipway deploy ") +
          plan.environment + " " + plan.version + " --override " + (frozen ? "freeze" : "window") +
          " --reason \"…\"");
}

}  // namespace slipway::daemon

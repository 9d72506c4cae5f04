#include "daemon/gates.h"

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
    if (step.gate == "window") {
      add_answer(plan, now_ms, one);
    } else {
      const auto answer = plan::answer_of(plan, ballot.given, ballot.requester);
      one.set("open", answer.open || !skipped.empty())
          .set("why", skipped.empty() ? answer.why : "");
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

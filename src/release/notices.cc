#include "release/notices.h"

namespace slipway::release {
namespace {
using ports::Notice;
using ports::Severity;
using ports::Turn;

bool is_rollback(const plan::Plan& plan) { return plan.kind == plan::RequestKind::Rollback; }

// A rollback runs with the settings of its time, but the people who are told are today's.
config::Environment told_by(const plan::Plan& plan) {
  if (is_rollback(plan) && plan.old) {
    auto replaced = config::environment_from_json(plan.old->environment);
    if (replaced) return std::move(replaced).value();
  }
  return plan.settings;
}

ports::Telling addressed(Notice notice, const config::Environment& settings) {
  if (!settings.url.empty()) notice.links.emplace_back("Open the app", settings.url);
  ports::Telling out;
  for (const auto* channel :
       config::channels_for(settings.channels, settings.notify, notice.kind)) {
    out.to.push_back({channel->name, config::to_json(*channel)});
  }
  out.notice = std::move(notice);
  return out;
}

Notice draft(const plan::Plan& plan, const std::string& release, const char* kind,
             std::int64_t at_ms) {
  Notice out;
  out.key = release + "/" + kind;
  out.kind = kind;
  out.subject = plan.app + "/" + plan.environment + "/" + release;
  out.app = plan.app;
  out.environment = plan.environment;
  out.release = release;
  out.version = plan.version;
  out.at_ms = at_ms;
  out.facts.emplace_back("release", release);
  return out;
}

std::string where(const plan::Plan& plan) { return plan.app + " " + plan.environment + ": "; }

// What somebody at a terminal would write next.
void add_command(Notice& notice, const char* verb) {
  notice.facts.emplace_back(verb, std::string("slipway ") + verb + " " + notice.environment);
}

Notice started(const Turning& turning) {
  const auto& plan = turning.plan;
  Notice out = draft(plan, turning.release, "started", turning.at_ms);
  out.text =
      where(plan) +
      (is_rollback(plan) ? "going back to " + plan.version : plan.version + " is on its way") +
      (plan.old ? ", in place of " + plan.old->version : "");
  return out;
}

Notice held(const Turning& turning) {
  const auto& plan = turning.plan;
  Notice out = draft(plan, turning.release, "held", turning.at_ms);
  // It may be held more than once: each time is told.
  out.key += "/" + std::to_string(turning.at_ms);
  out.severity = Severity::Warning;
  out.turn = Turn::Opens;
  out.by = turning.event.by;
  const std::string& why = turning.after.reason;
  out.text = where(plan) + plan.version + " waits for a person" + (why.empty() ? "" : ": " + why);
  add_command(out, "promote");
  add_command(out, "abort");
  return out;
}

Notice stuck(const Turning& turning) {
  const auto& plan = turning.plan;
  Notice out = draft(plan, turning.release, "stuck", turning.at_ms);
  const std::string step = op_step(plan, turning.after);
  out.key += "/" + step;
  out.severity = Severity::Critical;
  out.turn = Turn::Opens;
  out.text = where(plan) + "cannot take back " + step + "; still trying";
  if (!turning.event.detail.empty()) out.facts.emplace_back("why", turning.event.detail);
  return out;
}

// Nobody has to do anything; but what was asked for, to be judged beside a fresh one, is not had.
Notice baseline_lost(const Turning& turning) {
  const auto& plan = turning.plan;
  Notice out = draft(plan, turning.release, "baseline_lost", turning.at_ms);
  out.severity = Severity::Warning;
  out.text = where(plan) + plan.version + " is judged beside " +
             (plan.old ? plan.old->version : "the old release") +
             " as it runs: the fresh baseline failed";
  if (!turning.event.detail.empty()) out.facts.emplace_back("why", turning.event.detail);
  return out;
}

Notice completed(const Turning& turning) {
  const auto& plan = turning.plan;
  const bool back = is_rollback(plan);
  Notice out = draft(plan, turning.release, back ? "rolled_back" : "released", turning.at_ms);
  out.key = turning.release + "/released";
  out.turn = Turn::Closes;
  out.live = plan.version;
  out.text = where(plan) + plan.version + (back ? " is back" : " is live");
  if (plan.old) out.facts.emplace_back("instead of", plan.old->version);
  if (!back) add_command(out, "rollback");
  return out;
}

Notice taken_back(const plan::Plan& plan, const std::string& release, const char* kind,
                  const std::string& why, std::int64_t at_ms) {
  Notice out = draft(plan, release, kind, at_ms);
  const bool aborted = out.kind == "aborted";
  out.turn = Turn::Closes;
  out.severity = aborted ? Severity::Note : Severity::Warning;
  out.text = where(plan) + plan.version + (aborted ? " was aborted" : " was taken back") +
             (why.empty() ? "" : ": " + why);
  if (plan.old) {
    out.live = plan.old->version;
    out.facts.emplace_back("live", plan.old->version);
  }
  return out;
}
}  // namespace

std::vector<ports::Telling> notices_of(const Turning& turning) {
  const State& before = turning.before;
  const State& after = turning.after;
  std::vector<Notice> notices;
  const bool entered = before.phase != after.phase;
  if (before.phase == Phase::Planned && entered && !is_ended(after.phase))
    notices.push_back(started(turning));
  if (after.phase == Phase::Held && entered) notices.push_back(held(turning));
  if (after.phase == Phase::BackActing && after.attempt == kStuckAfter &&
      (before.attempt != after.attempt || before.step != after.step))
    notices.push_back(stuck(turning));
  if (after.without_baseline && !before.without_baseline && !is_ended(after.phase))
    notices.push_back(baseline_lost(turning));
  if (after.phase == Phase::Completed && entered) notices.push_back(completed(turning));
  if (after.phase == Phase::RolledBack && entered) {
    notices.push_back(
        taken_back(turning.plan, turning.release, "rolled_back", after.reason, turning.at_ms));
  }
  if (after.phase == Phase::Aborted && entered) {
    notices.push_back(
        taken_back(turning.plan, turning.release, "aborted", after.reason, turning.at_ms));
  }
  std::vector<ports::Telling> out;
  if (notices.empty()) return out;
  const auto settings = told_by(turning.plan);
  for (auto& notice : notices) out.push_back(addressed(std::move(notice), settings));
  return out;
}

ports::Telling approval_notice(const plan::Plan& plan, const std::string& release,
                               const std::string& why, std::int64_t at_ms) {
  Notice out = draft(plan, release, "approval", at_ms);
  out.severity = Severity::Warning;
  out.text = where(plan) + plan.version + " waits: " + why;
  add_command(out, "approve");
  return addressed(std::move(out), plan.settings);
}

ports::Telling question_notice(const plan::Plan& plan, const std::string& release,
                               const std::string& item, const std::string& why,
                               std::int64_t at_ms) {
  Notice out = draft(plan, release, "approval", at_ms);
  out.key += "/" + item;
  out.severity = Severity::Warning;
  out.text = where(plan) + plan.version + " asks: " + why;
  out.facts.emplace_back("confirm", "slipway confirm " + plan.environment + " " + item);
  return addressed(std::move(out), plan.settings);
}

std::string asked_item(const ports::Notice& notice) {
  const std::string lead = notice.release + "/approval/";
  return notice.kind == "approval" && notice.key.starts_with(lead) ? notice.key.substr(lead.size())
                                                                   : std::string();
}

ports::Telling dropped_notice(const plan::Plan& plan, const std::string& release,
                              const std::string& why, std::int64_t at_ms) {
  return addressed(taken_back(plan, release, "aborted", why, at_ms), told_by(plan));
}

}  // namespace slipway::release

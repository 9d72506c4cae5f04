#include "daemon/story.h"

#include <algorithm>
#include <string_view>

#include "daemon/documents.h"
#include "release/machine.h"

namespace slipway::daemon {
namespace {
using plan::StepKind;
using release::Phase;
using release::State;

State state_of(const ports::Record& record) {
  return release::decode(record.state).value_or(State{});
}

bool is_word_of_a_person(std::string_view event) {
  return event == "pause" || event == "resume" || event == "promote" || event == "abort";
}

// What became of a step that is left, by the event that led out of it.
std::string_view result_of(const ports::Record& record, const State& after) {
  if (is_taking_back(after.phase) || after.phase == Phase::RolledBack) return "failed";
  if (after.phase == Phase::Aborted) return "stopped";
  if (record.event == "promote") return "promoted by hand";
  if (record.event == "settled") return "done";
  return "left";
}

// Goes through the records once, and keeps the step (or undo) that is open.
class Teller {
 public:
  explicit Teller(const plan::Plan& plan) : plan_(plan) {}

  void take(const ports::Record& record) {
    const State after = state_of(record);
    if (is_word_of_a_person(record.event)) add(record, "word", record.event, record.detail);
    if (record.event == "recovered" && open_ >= 0)
      add(record, "daemon", "taken up again", record.detail);
    if (is_taking_back(before_.phase)) {
      undo(record, after);
    } else {
      forward(record, after);
    }
    if (after.phase == Phase::Held && before_.phase != Phase::Held)
      add(record, "hold", "held", after.reason);
    before_ = after;
  }
  Json told() {
    close_open({}, "under way", {});
    return std::move(out_);
  }

 private:
  const plan::Step* step_at(int index) const {
    const bool in_plan = index >= 0 && index < static_cast<int>(plan_.steps.size());
    return in_plan ? &plan_.steps[static_cast<std::size_t>(index)] : nullptr;
  }
  void add(const ports::Record& record, std::string_view what, std::string_view result,
           std::string_view why) {
    const auto* step = step_at(open_);
    out_.push_back(Json::object()
                       .set("at_ms", record.at_ms)
                       .set("took_ms", -1)
                       .set("what", what)
                       .set("step", step == nullptr ? "" : step->id)
                       .set("text", "")
                       .set("result", result)
                       .set("why", why));
  }
  // An open step stands where it began: what was said meanwhile comes after it.
  void open(int index, std::int64_t at_ms, std::string_view what) {
    const auto* step = step_at(index);
    if (step == nullptr) return;
    open_ = index;
    place_ = out_.size();
    out_.push_back(Json::object()
                       .set("at_ms", at_ms)
                       .set("took_ms", -1)
                       .set("what", what)
                       .set("step", step->id)
                       .set("text", what == "undo" ? step->undo_text : step->text)
                       .set("result", "")
                       .set("why", ""));
  }
  void close_open(std::int64_t at_ms, std::string_view result, std::string_view why) {
    if (open_ < 0) return;
    Json::Array rows = out_.items();
    Json& row = rows[place_];
    if (at_ms > 0) row.set("took_ms", at_ms - row.integer("at_ms"));
    row.set("result", result).set("why", why);
    out_ = Json(std::move(rows));
    open_ = -1;
  }
  void forward(const ports::Record& record, const State& after) {
    const bool goes_back = is_taking_back(after.phase) || release::is_ended(after.phase);
    const bool leaves = goes_back || after.step != open_;
    if (leaves && open_ >= 0) {
      const auto result = after.phase == Phase::Completed ? "done" : result_of(record, after);
      close_open(record.at_ms, result, record.detail);
    }
    if (release::is_ended(after.phase)) return;
    if (is_taking_back(after.phase)) {
      open(after.step, record.at_ms, "undo");
    } else if (open_ < 0 && after.phase != Phase::Planned) {
      open(after.step, record.at_ms, "step");
    }
  }
  void undo(const ports::Record& record, const State& after) {
    const bool same = is_taking_back(after.phase) && after.step == open_;
    if (same) return;
    close_open(record.at_ms, "undone", record.detail);
    if (is_taking_back(after.phase)) open(after.step, record.at_ms, "undo");
  }

  const plan::Plan& plan_;
  State before_;
  Json out_ = Json::array();
  int open_ = -1;  // index of the step under way; -1: none
  std::size_t place_ = 0;
};

const plan::Step* step_named(const plan::Plan& plan, const std::string& id) {
  for (const auto& step : plan.steps) {
    if (step.id == id) return &step;
  }
  return nullptr;
}

Json approvals_document(const std::vector<plan::Approval>& approvals) {
  Json out = Json::array();
  for (const auto& one : approvals) out.push_back(plan::to_json(one));
  return out;
}

std::string_view answer_of(const ports::Record& record) {
  if (record.event == "settled") return "pass";
  if (record.event == "bad") return "fail";
  if (record.event == "inconclusive") return "not enough data";
  return record.event;
}
}  // namespace

Json story_document(const plan::Plan& plan, const std::vector<ports::Record>& records) {
  Teller teller(plan);
  for (const auto& record : records) teller.take(record);
  return teller.told();
}

Json decided_gates(const plan::Plan& plan, const std::vector<ports::Record>& records,
                   const std::vector<plan::Approval>& approvals) {
  Json out = Json::array();
  for (const auto& step : plan.steps) {
    if (step.kind != StepKind::Gate) continue;
    Json one = Json::object();
    one.set("gate", step.gate).set("step", step.id).set("text", step.text);
    one.set("result", "not reached").set("at_ms", 0).set("why", "");
    for (const auto& record : records) {
      if (record.step != step.id) continue;
      const State after = state_of(record);
      const bool stopped = is_taking_back(after.phase) || release::is_ended(after.phase);
      if (record.event == "settled") one.set("result", "open");
      if (stopped) one.set("result", "stayed closed");
      if (record.event != "settled" && !stopped) one.set("result", "waits");
      one.set("at_ms", record.at_ms).set("why", record.detail);
    }
    Json skipped = Json::array();
    for (const auto& skip : plan.skipped) {
      const bool here = skip.gate == step.gate || (step.gate == "window" && skip.gate == "freeze");
      if (!here) continue;
      skipped.push_back(Json::object()
                            .set("gate", skip.gate)
                            .set("how", skip.how)
                            .set("by", skip.by)
                            .set("reason", skip.reason));
    }
    one.set("skipped", skipped);
    one.set("approvals", step.gate == "approvals" ? approvals_document(approvals) : Json::array());
    out.push_back(std::move(one));
  }
  return out;
}

Json judgements_document(const plan::Plan& plan, const std::vector<ports::Record>& records) {
  Json out = Json::array();
  for (const auto& record : records) {
    const auto* step = step_named(plan, record.step);
    const bool judged =
        step != nullptr && (step->kind == StepKind::Judge || step->kind == StepKind::Watch);
    const bool says = judged && !is_word_of_a_person(record.event) && !record.detail.empty();
    // Held at a boundary the thresholds stay armed: what they say counts at any step.
    const bool named = record.event.find("verdict") != std::string::npos;
    if (!says && !named) continue;
    out.push_back(Json::object()
                      .set("step", record.step)
                      .set("text", step == nullptr ? "" : step->text)
                      .set("at_ms", record.at_ms)
                      .set("answer", answer_of(record))
                      .set("evidence", record.detail));
  }
  return out;
}

}  // namespace slipway::daemon

#include "cli/timeline.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/target.h"

namespace slipway::cli {
namespace {
constexpr std::int64_t kTellEvery_ms = 10'000;
}  // namespace

std::string took_text(std::int64_t ms) {
  if (ms < 1000) return fmt::format("{}ms", std::max<std::int64_t>(0, ms));
  if (ms < 60'000) return fmt::format("{}.{}s", ms / 1000, ms % 1000 / 100);
  const auto seconds = ms / 1000;
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{:02}m", seconds / 3600, seconds % 3600 / 60);
}

Timeline::Timeline(const Json& release) {
  const Json& row = release.at("release");
  const Json& plan = release.at("plan");
  id_ = row.text("id");
  app_ = row.text("app");
  environment_ = row.text("environment");
  version_ = row.text("version");
  by_ = row.text("by");
  created_ms_ = row.integer("created_ms");
  last_ms_ = created_ms_;
  old_version_ = plan.at("old").text("version");
  strategy_ = plan.text("kind") == "rollback" ? "rollback" : plan.text("strategy");
  for (const auto& step : plan.at("steps").items()) {
    Step made;
    made.id = step.text("id");
    made.text = step.text("text");
    made.undo_text = step.text("undo_text");
    made.is_promote = step.text("kind") == "promote";
    id_width_ = std::max(id_width_, made.id.size());
    steps_.push_back(std::move(made));
  }
}

std::string Timeline::headline() const {
  return fmt::format("{} {}: {} -> {} ({})", app_, environment_,
                     old_version_.empty() ? "nothing" : old_version_, version_, strategy_);
}

// Leaves the step under way for a later one; steps jumped over were skipped.
void Timeline::advance(int to, std::int64_t at_ms, Mark left_as, const std::string& why) {
  const int end = std::min<int>(to, static_cast<int>(steps_.size()));
  for (int i = std::max(now_, 0); i < end; ++i) {
    Step& step = steps_[static_cast<std::size_t>(i)];
    step.mark = i == now_ ? left_as : Mark::Skipped;
    if (i == now_) {
      step.took_ms = at_ms - step.since_ms;
      step.why = left_as == Mark::Done ? "" : why;
    }
    promoted_ = promoted_ || step.is_promote;
  }
  if (to < static_cast<int>(steps_.size())) {
    steps_[static_cast<std::size_t>(to)].mark = Mark::Now;
    steps_[static_cast<std::size_t>(to)].since_ms = at_ms;
  }
  now_ = to;
}

void Timeline::fail(std::int64_t at_ms, const std::string& why) {
  if (now_ < 0 || now_ >= static_cast<int>(steps_.size())) return;
  Step& step = steps_[static_cast<std::size_t>(now_)];
  step.mark = Mark::Failed;
  step.took_ms = at_ms - step.since_ms;
  step.why = why;
}

void Timeline::go_back(int to, std::int64_t at_ms) {
  for (int i = std::min<int>(now_, static_cast<int>(steps_.size()) - 1); i > to; --i) {
    Step& step = steps_[static_cast<std::size_t>(i)];
    if (step.mark == Mark::Undoing) step.mark = Mark::Undone;
  }
  now_ = to;
  if (to < 0 || to >= static_cast<int>(steps_.size())) return;
  Step& step = steps_[static_cast<std::size_t>(to)];
  if (step.mark != Mark::Undoing) step.since_ms = at_ms;
  if (step.mark != Mark::Failed) step.mark = Mark::Undoing;
}

std::string Timeline::line(std::int64_t at_ms, int step, std::string_view word,
                           const std::string& text) const {
  const bool known = step >= 0 && step < static_cast<int>(steps_.size());
  const std::string id = known ? steps_[static_cast<std::size_t>(step)].id : "";
  return fmt::format("{}  {:>2}/{:<2} {:<{}}  {:<7} {}", clock_text(at_ms), known ? step + 1 : 0,
                     steps_.size(), id, id_width_, word, text);
}

namespace {
bool is_back(const std::string& phase) { return phase.starts_with("back-"); }
bool is_end(const std::string& phase) {
  return phase == "completed" || phase == "rolled-back" || phase == "aborted";
}
std::string with_detail(const std::string& text, const std::string& detail) {
  return detail.empty() ? text : text + ": " + detail;
}
// What a record says that moves nothing forward or back.
std::string_view word_of(const std::string& event, const std::string& phase) {
  if (event == "unknown") return "unsure";
  // Seen as not there: it is done once more; on the way back that is the undo itself.
  if (event == "absent") return is_back(phase) ? "undo" : "again";
  if (event == "not-applied") return "later";
  if (event == "recovered") return "taken up";
  if (event == "pause" || event == "resume" || event == "promote") return event;
  if (event == "narrow" || event == "widen" || event == "lost") return event;
  return "";
}
}  // namespace

struct Timeline::Seen {
  std::string phase;
  std::string event;
  std::string detail;
  std::string reason;
  std::int64_t at_ms = 0;
  int to = 0;
  bool ends_back() const { return phase == "rolled-back" || phase == "aborted"; }
};

std::string Timeline::take_record(const Json& record) {
  const Json& state = record.at("state");
  const Seen seen{state.text("phase"),     record.text("event"),
                  record.text("detail"),   state.text("reason"),
                  record.integer("at_ms"), static_cast<int>(state.integer("step"))};
  const bool was_back = taking_back_;
  last_ms_ = seen.at_ms;
  percent_ = record.number("percent");
  held_ = seen.phase == "held";
  taking_back_ = is_back(seen.phase) || seen.ends_back();
  if (!taking_back_) return take_forward(seen);
  return was_back ? take_undo(seen) : take_turn(seen);
}

std::string Timeline::take_forward(const Seen& seen) {
  const int was = now_;
  if (was < 0) {
    advance(seen.to, seen.at_ms, Mark::Done, "");
    return fmt::format("{}  {} begins: {}, {} steps", clock_text(seen.at_ms), id_, headline(),
                       steps_.size());
  }
  const int next = seen.phase == "completed" ? static_cast<int>(steps_.size()) : seen.to;
  if (next > was) {
    progress_.clear();
    const bool is_well =
        seen.event == "settled" || seen.event == "resume" || seen.event == "promote";
    advance(next, seen.at_ms, is_well ? Mark::Done : Mark::Noted, seen.detail);
    const Step& left = steps_[static_cast<std::size_t>(was)];
    const std::string text = fmt::format("{} ({})", left.text, took_text(left.took_ms));
    return line(seen.at_ms, was, is_well ? "done" : "noted", with_detail(text, seen.detail));
  }
  if (held_ && seen.event != "pause") {
    const bool is_same = seen.detail == seen.reason;
    return line(seen.at_ms, seen.to, "held", with_detail(seen.reason, is_same ? "" : seen.detail));
  }
  return remark(seen);
}

// The record with which a release begins to be taken back.
std::string Timeline::take_turn(const Seen& seen) {
  const int was = now_;
  progress_.clear();
  const std::string why = seen.detail.empty() ? seen.reason : seen.detail;
  fail(seen.at_ms, why);
  const bool known = was >= 0 && was < static_cast<int>(steps_.size());
  if (!seen.ends_back()) go_back(seen.to, seen.at_ms);
  return line(seen.at_ms, was, seen.event == "abort" ? "aborted" : "failed",
              known ? with_detail(steps_[static_cast<std::size_t>(was)].text, why) : why);
}

std::string Timeline::take_undo(const Seen& seen) {
  const int was = now_;
  if (!seen.ends_back() && seen.to >= was) return remark(seen);
  go_back(seen.ends_back() ? -1 : seen.to, seen.at_ms);
  if (was < 0 || was >= static_cast<int>(steps_.size())) return "";
  return line(seen.at_ms, was, "undone", steps_[static_cast<std::size_t>(was)].undo_text);
}

// What moves nothing forward or back, but is worth a word.
std::string Timeline::remark(const Seen& seen) const {
  const auto word = word_of(seen.event, seen.phase);
  if (word.empty() || is_end(seen.phase)) return "";
  const bool known = seen.to >= 0 && seen.to < static_cast<int>(steps_.size());
  const Step* step = known ? &steps_[static_cast<std::size_t>(seen.to)] : nullptr;
  const bool undoes = step != nullptr && is_back(seen.phase) && !step->undo_text.empty();
  const std::string text = undoes ? step->undo_text : step != nullptr ? step->text : "";
  return line(seen.at_ms, seen.to, word, with_detail(text, seen.detail));
}

std::string Timeline::take_progress(const Json& progress) {
  progress_ = progress.text("text");
  last_ms_ = progress.integer("at_ms");
  // A pipe is told now and then; a terminal sees every one.
  const bool is_soon = told_step_ == now_ && last_ms_ - told_ms_ < kTellEvery_ms;
  if (is_soon) return "";
  told_step_ = now_;
  told_ms_ = last_ms_;
  return line(last_ms_, now_, "...", progress_);
}

std::string Timeline::outcome_text(const Json& ended) const {
  const std::string outcome = ended.text("outcome");
  const std::string reason = ended.text("reason");
  if (outcome == "completed") {
    return fmt::format("{} completed: {} is live in {} (took {})", id_, version_, environment_,
                       took_text(last_ms_ - created_ms_));
  }
  const std::string stays =
      old_version_.empty() ? "nothing is live" : fmt::format("{} has the traffic", old_version_);
  const std::string word = outcome == "aborted" ? "aborted" : "rolled back";
  return with_detail(fmt::format("{} {}, {} in {}", id_, word, stays, environment_), reason);
}

std::string Timeline::take_end(const Json& ended) {
  ended_ = true;
  exit_code_ = static_cast<int>(ended.integer("exit_code"));
  last_ms_ = ended.integer("at_ms", last_ms_);
  const bool is_completed = ended.text("outcome") == "completed";
  if (is_completed && now_ >= 0 && now_ < static_cast<int>(steps_.size()))
    advance(static_cast<int>(steps_.size()), last_ms_, Mark::Done, "");
  if (!is_completed) go_back(-1, last_ms_);
  held_ = false;
  progress_.clear();
  end_text_ = outcome_text(ended);
  return clock_text(last_ms_) + "  " + end_text_;
}

void Timeline::take_estimate(std::int64_t left_ms, std::int64_t at_ms) {
  left_ms_ = left_ms;
  left_at_ms_ = at_ms;
}

}  // namespace slipway::cli

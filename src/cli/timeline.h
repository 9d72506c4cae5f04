#pragma once
// Timeline: a release as it is told, from its plan and the events of its stream. Pure: words for a
// pipe, and the whole picture for a terminal. Times are milliseconds since 1970.
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace slipway::cli {

enum class Mark { Waiting, Now, Done, Noted, Skipped, Failed, Undoing, Undone };

class Timeline {
 public:
  // The answer of GET /v1/releases/{id}; its records are not used.
  explicit Timeline(const Json& release);

  // Takes one event; gives the line that tells it in a pipe, empty when there is nothing to tell.
  std::string take_record(const Json& record);
  std::string take_progress(const Json& progress);
  std::string take_end(const Json& ended);
  // How long the whole release still takes, as the daemon thinks; negative: it does not know.
  void take_estimate(std::int64_t left_ms, std::int64_t at_ms);

  bool has_ended() const { return ended_; }
  int exit_code() const { return exit_code_; }
  bool is_promoted() const { return promoted_; }
  const std::string& release() const { return id_; }
  const std::string& environment() const { return environment_; }

  // The picture, every line with a line end; at most `rows` lines of `width` columns.
  std::string screen(std::int64_t now_ms, int width, int rows, bool has_color) const;

 private:
  struct Step {
    std::string id;
    std::string text;
    std::string undo_text;
    bool is_promote = false;
    Mark mark = Mark::Waiting;
    std::int64_t since_ms = 0;
    std::int64_t took_ms = -1;
    std::string why;
  };
  struct Seen;
  std::string take_forward(const Seen& seen);
  std::string take_turn(const Seen& seen);
  std::string take_undo(const Seen& seen);
  std::string remark(const Seen& seen) const;
  void advance(int to, std::int64_t at_ms, Mark left_as, const std::string& why);
  void go_back(int to, std::int64_t at_ms);
  void fail(std::int64_t at_ms, const std::string& why);
  std::string line(std::int64_t at_ms, int step, std::string_view word,
                   const std::string& text) const;
  std::string outcome_text(const Json& ended) const;
  std::string step_line(const Step& step, std::int64_t now_ms, bool has_color) const;
  std::string bar(std::int64_t now_ms, int width, bool has_color) const;
  double fraction(std::int64_t now_ms) const;
  std::string headline() const;

  std::string id_, app_, environment_, version_, old_version_, strategy_, by_;
  std::int64_t created_ms_ = 0;
  std::vector<Step> steps_;
  std::size_t id_width_ = 0;
  int now_ = -1;  // index of the step under way; -1: none yet
  bool taking_back_ = false;
  bool held_ = false;
  bool ended_ = false;
  bool promoted_ = false;
  int exit_code_ = 0;
  double percent_ = 0;
  std::string progress_;
  int told_step_ = -1;  // the last progress told in a pipe
  std::int64_t told_ms_ = 0;
  std::string end_text_;
  std::int64_t last_ms_ = 0;  // of the last event
  std::int64_t left_ms_ = -1;
  std::int64_t left_at_ms_ = 0;
};

// "340ms", "4.2s", "2m05s"
std::string took_text(std::int64_t ms);

}  // namespace slipway::cli

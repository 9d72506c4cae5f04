// The timeline on a terminal: one line per step, a bar below.
#include <fmt/core.h>

#include <algorithm>

#include "cli/timeline.h"

namespace slipway::cli {
namespace {
struct Look {
  std::string_view sign;
  std::string_view color;
};

Look look_of(Mark mark) {
  switch (mark) {
    case Mark::Waiting:
      return {"·", "\x1b[2m"};
    case Mark::Now:
      return {"▸", "\x1b[1m"};
    case Mark::Done:
      return {"✓", "\x1b[32m"};
    case Mark::Noted:
      return {"!", "\x1b[33m"};
    case Mark::Skipped:
      return {"-", "\x1b[2m"};
    case Mark::Failed:
      return {"✗", "\x1b[31m"};
    case Mark::Undoing:
      return {"◂", "\x1b[33m"};
    case Mark::Undone:
      return {"↩", "\x1b[33m"};
  }
  return {"?", ""};
}

std::string painted(std::string_view color, const std::string& text, bool has_color) {
  return has_color && !color.empty() ? std::string(color) + text + "\x1b[0m" : text;
}

// The first `width` columns, counting characters and leaving escape sequences alone.
std::string cut(const std::string& text, int width) {
  std::string out;
  int columns = 0;
  bool in_escape = false;
  for (const char c : text) {
    if (c == '\x1b') in_escape = true;
    const bool starts_character = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (!in_escape && starts_character && ++columns > width) {
      return out + (text.find('\x1b') == std::string::npos ? "" : "\x1b[0m");
    }
    out += c;
    if (in_escape && c == 'm') in_escape = false;
  }
  return out;
}
}  // namespace

std::string Timeline::step_line(const Step& step, std::int64_t now_ms, bool has_color) const {
  const Look look = look_of(step.mark);
  const bool is_undo = step.mark == Mark::Undoing || step.mark == Mark::Undone;
  std::string text = is_undo && !step.undo_text.empty() ? step.undo_text : step.text;
  const bool is_now = step.mark == Mark::Now || step.mark == Mark::Undoing;
  if (is_now) {
    text += "  " + took_text(now_ms - step.since_ms);
    if (!progress_.empty()) text += "  " + progress_;
  } else if (step.took_ms >= 0) {
    text += "  " + took_text(step.took_ms);
  }
  if (!step.why.empty()) text += "  " + step.why;
  return painted(look.color, fmt::format("  {} {}", look.sign, text), has_color);
}

// By time when it is known how long the rest takes, else by steps.
double Timeline::fraction(std::int64_t now_ms) const {
  if (ended_) return 1;
  if (left_ms_ >= 0) {
    const auto left = std::max<std::int64_t>(0, left_ms_ - (now_ms - left_at_ms_));
    const auto gone = std::max<std::int64_t>(0, now_ms - created_ms_);
    return gone + left == 0 ? 0 : static_cast<double>(gone) / static_cast<double>(gone + left);
  }
  const auto passed = std::max(0, now_);
  return steps_.empty() ? 0 : static_cast<double>(passed) / static_cast<double>(steps_.size());
}

std::string Timeline::bar(std::int64_t now_ms, int width, bool has_color) const {
  const int cells = std::clamp(width / 3, 10, 40);
  const double part = std::clamp(fraction(now_ms), 0.0, 1.0);
  const int full = static_cast<int>(part * cells);
  std::string out = "  ";
  for (int i = 0; i < cells; ++i) out += i < full ? "█" : "░";
  out += fmt::format(" {:>3.0f}%  {} has {:g}% of the traffic", part * 100, version_, percent_);
  if (held_)
    return painted("\x1b[33m", out + "  held: slipway resume, promote or abort", has_color);
  if (taking_back_) return painted("\x1b[33m", out + "  taking back", has_color);
  if (left_ms_ < 0) return out;
  const auto left = std::max<std::int64_t>(0, left_ms_ - (now_ms - left_at_ms_));
  return out + "  " + took_text(left / 1000 * 1000) + " left";
}

std::string Timeline::screen(std::int64_t now_ms, int width, int rows, bool has_color) const {
  const int size = static_cast<int>(steps_.size());
  const int room = std::max(3, rows - 4);
  // The steps around the one under way, when not all fit.
  const int first = size <= room ? 0 : std::clamp(now_ - room / 2, 0, size - room);
  const int last = std::min(size, first + room);
  std::string out =
      cut(painted("\x1b[1m", headline() + "  " + id_ + (by_.empty() ? "" : " by " + by_),
                  has_color),
          width) +
      "\n";
  if (first > 0) out += fmt::format("  … {} before\n", first);
  for (int i = first; i < last; ++i)
    out += cut(step_line(steps_[static_cast<std::size_t>(i)], now_ms, has_color), width) + "\n";
  if (last < size) out += fmt::format("  … {} more\n", size - last);
  const std::string end_color = exit_code_ == 0 ? "\x1b[32m" : "\x1b[31m";
  out +=
      cut(ended_ ? painted(end_color, "  " + end_text_, has_color) : bar(now_ms, width, has_color),
          width) +
      "\n";
  return out;
}

}  // namespace slipway::cli

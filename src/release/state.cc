// The one-line form of a State that the journal keeps:
// "settling|3|1|4|h-f---|verdict|1732182000123|reason". Earlier versions wrote three flags, or
// five.
#include <charconv>

#include "base/text.h"
#include "release/machine.h"

namespace slipway::release {
namespace {
constexpr std::size_t kFields = 8;

bool take(std::string_view text, std::int64_t& out) {
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), out);
  return err == std::errc() && end == text.data() + text.size();
}

template <class Enum>
bool take_named(std::string_view text, int count, Enum& out) {
  for (int i = 0; i < count; ++i) {
    if (name_of(static_cast<Enum>(i)) != text) continue;
    out = static_cast<Enum>(i);
    return true;
  }
  return false;
}
}  // namespace

std::string encode(const State& state) {
  std::string out;
  out.reserve(64 + state.reason.size());
  out += name_of(state.phase);
  for (const int number : {state.step, state.attempt, state.reach}) {
    out += '|';
    out += std::to_string(number);
  }
  out += '|';
  out += state.hold ? 'h' : '-';
  out += state.at_boundary ? 'b' : '-';
  out += state.full ? 'f' : '-';
  out += state.narrow ? 'n' : '-';
  out += state.word ? 'w' : '-';
  out += state.without_baseline ? 'o' : '-';
  out += '|';
  out += name_of(state.cause);
  out += '|';
  out += std::to_string(state.since_ms);
  out += '|';
  out += state.reason;
  return out;
}

std::optional<State> decode(std::string_view text) {
  std::string_view field[kFields];
  for (std::size_t i = 0; i < kFields - 1; ++i) {
    const auto bar = text.find('|');
    if (bar == std::string_view::npos) return std::nullopt;
    field[i] = text.substr(0, bar);
    text.remove_prefix(bar + 1);
  }
  State state;
  std::int64_t step = 0;
  std::int64_t attempt = 0;
  std::int64_t reach = 0;
  const bool good = take_named(field[0], kPhases, state.phase) && take(field[1], step) &&
                    take(field[2], attempt) && take(field[3], reach) &&
                    (field[4].size() == 3 || field[4].size() == 5 || field[4].size() == 6) &&
                    take_named(field[5], kCauses, state.cause) && take(field[6], state.since_ms);
  if (!good || step < 0 || attempt < 0 || reach < 0) return std::nullopt;
  state.step = static_cast<int>(step);
  state.attempt = static_cast<int>(attempt);
  state.reach = static_cast<int>(reach);
  state.hold = field[4][0] == 'h';
  state.at_boundary = field[4][1] == 'b';
  state.full = field[4][2] == 'f';
  state.narrow = field[4].size() >= 5 && field[4][3] == 'n';
  state.word = field[4].size() >= 5 && field[4][4] == 'w';
  state.without_baseline = field[4].size() == 6 && field[4][5] == 'o';
  state.reason = text;
  return state;
}

}  // namespace slipway::release

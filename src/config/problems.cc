#include "config/problems.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace slipway::config {
namespace {
// Messages repeat what the file says, and end on terminals: what would steer one is not repeated.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}
}  // namespace

void Problems::add(Mark at, std::string what, std::string suggestion) {
  add(Problem{at, std::move(what), std::move(suggestion), false});
}

void Problems::add(Problem problem) {
  if (!told_.emplace(problem.at, problem.what).second) return;
  found_.push_back(std::move(problem));
}

std::vector<Diagnostic> Problems::diagnostics(std::string_view file) const {
  auto sorted = found_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Problem& a, const Problem& b) { return a.at < b.at; });
  std::vector<Diagnostic> out;
  for (auto& problem : sorted) {
    out.push_back({{std::string(file), problem.at.line, problem.at.column},
                   printable(std::move(problem.what)),
                   printable(std::move(problem.suggestion))});
  }
  return out;
}

std::string Diagnostic::text() const {
  auto out = fmt::format("{}:{}:{}: {}", at.file, at.line, at.column, what);
  if (!suggestion.empty()) out += "\n    " + suggestion;
  return out;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  // Finding the nearest takes the product of both lengths; nobody means a name this long.
  constexpr std::size_t kLongest = 64;
  if (word.empty() || word.size() > kLongest) return {};
  std::vector<std::string> short_ones;
  for (const auto& candidate : candidates) {
    if (!candidate.empty() && candidate.size() <= kLongest) short_ones.push_back(candidate);
  }
  const auto near = nearest(word, short_ones);
  // Two edits make any short word out of any other: there the first letter must be right.
  if (near && word.size() <= 3 && near->front() != word.front()) return {};
  return near ? fmt::format("did you mean '{}'?", *near) : std::string();
}

std::string known_names(std::string_view word, const std::vector<std::string>& names,
                        std::string_view plural) {
  auto suggestion = did_you_mean(word, names);
  if (suggestion.empty() && !names.empty())
    suggestion = fmt::format("{} here: {}", plural, join(names, ", "));
  return suggestion;
}

}  // namespace slipway::config

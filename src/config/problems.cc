#include "config/problems.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace slipway::config {

void Problems::add(Mark at, std::string what, std::string suggestion) {
  add(Problem{at, std::move(what), std::move(suggestion), false});
}

void Problems::add(Problem problem) {
  if (std::find(found_.begin(), found_.end(), problem) != found_.end()) return;
  found_.push_back(std::move(problem));
}

std::vector<Diagnostic> Problems::diagnostics(std::string_view file) const {
  auto sorted = found_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Problem& a, const Problem& b) { return a.at < b.at; });
  std::vector<Diagnostic> out;
  for (auto& problem : sorted) {
    out.push_back({{std::string(file), problem.at.line, problem.at.column},
                   std::move(problem.what),
                   std::move(problem.suggestion)});
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

}  // namespace slipway::config

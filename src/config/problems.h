#pragma once
// Problems: the one place where mistakes of a file are gathered, so that all of them are told at
// once.
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/load.h"
#include "config/node.h"

namespace slipway::config {

struct Problem {
  Mark at;
  std::string what;
  std::string suggestion;
  bool only_everywhere = false;  // no mistake when one environment does not have it
};

class Problems {
 public:
  void add(Mark at, std::string what, std::string suggestion = {});
  void add(Problem problem);
  bool empty() const { return found_.empty(); }
  const std::vector<Problem>& all() const { return found_; }
  // In file order, each said once.
  std::vector<Diagnostic> diagnostics(std::string_view file) const;

 private:
  std::vector<Problem> found_;
  std::set<std::pair<Mark, std::string>> told_;
};

// "did you mean 'instances'?" when a candidate is near, else empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);
// The same, or "services here: api, web" when none is near.
std::string known_names(std::string_view word, const std::vector<std::string>& names,
                        std::string_view plural);

}  // namespace slipway::config

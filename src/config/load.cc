#include "config/load.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "config/build.h"
#include "config/check.h"
#include "config/layers.h"
#include "config/resolved.h"
#include "config/rules.h"
#include "config/yaml.h"

namespace slipway::config {
namespace {

// A mistake that only some environments have names them: the line alone would not tell.
class RuleProblems {
 public:
  void add(const std::string& environment, const Problems& found) {
    for (const auto& problem : found.all()) {
      auto& row = rows_.try_emplace({problem.at, problem.what}, Row{problem, {}}).first->second;
      row.environments.push_back(environment);
    }
  }
  void tell(std::size_t environments, Problems& problems) const {
    for (const auto& [key, row] : rows_) {
      auto problem = row.problem;
      const auto named = row.environments.size();
      if (named < environments && problem.only_everywhere) continue;
      if (named < environments) {
        problem.what += fmt::format(" (in the {} {})", named == 1 ? "environment" : "environments",
                                    join(row.environments, ", "));
      }
      problems.add(std::move(problem));
    }
  }

 private:
  struct Row {
    Problem problem;
    std::vector<std::string> environments;
  };
  std::map<std::pair<Mark, std::string>, Row> rows_;
};

std::vector<Resolved> resolve(const Node& root, const std::vector<Node>& merged,
                              std::string_view file) {
  std::vector<Resolved> out;
  const auto place = [&](const Node& node) {
    return fmt::format("{}:{}:{}", file, node.at.line, node.at.column);
  };
  const Node* environments = root.find("environments");
  const bool written = environments != nullptr && !environments->items.empty();
  out.push_back({"app", root.find("app")->text, place(*root.find("app"))});
  out.push_back({"environments", join(environment_names(root), ", "),
                 written ? place(*environments) : "default"});
  for (const auto& environment : merged) add_resolved(environment, file, out);
  std::sort(out.begin(), out.end(),
            [](const Resolved& a, const Resolved& b) { return a.path < b.path; });
  return out;
}

}  // namespace

LoadResult load(std::string_view text, std::string_view file, std::string_view folder) {
  LoadResult result;
  Problems problems;
  const auto root = parse_yaml(text, problems);
  if (!root) {
    result.diagnostics = problems.diagnostics(file);
    return result;
  }
  check_keys(*root, problems);
  check_inherits(*root, problems);
  Config config{{}, std::string(file), std::string(folder), {}};
  std::vector<Node> merged;
  RuleProblems rules;
  for (const auto& name : environment_names(*root)) {
    merged.push_back(merged_environment(*root, name));
    auto environment = build_environment(merged.back());
    Problems found;
    check_rules(merged.back(), environment, found);
    rules.add(name, found);
    config.environments[name] = std::move(environment);
  }
  rules.tell(merged.size(), problems);
  result.diagnostics = problems.diagnostics(file);
  if (!problems.empty()) return result;
  config.app = root->find("app")->text;
  result.resolved = resolve(*root, merged, file);
  result.config = std::move(config);
  return result;
}

}  // namespace slipway::config

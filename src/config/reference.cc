#include <fmt/core.h>

#include "base/text.h"
#include "config/keys.h"
#include "config/load.h"

namespace slipway::config {
namespace {

constexpr std::string_view kIntroduction = R"(# slipway.yaml

Generated from the table in `src/config/keys.def`, and a test keeps the two alike: change the table, not
this page.

`slipway check` reports every mistake of the file at once, with line and column. `slipway config
--resolved` shows every value as it will be used and where it was written. `slipway config --schema`
prints a JSON Schema with which editors complete and check. [full-example.yaml](full-example.yaml) uses
every key.

## Values

| written | meaning |
|---|---|
| `250ms`, `30s`, `5m`, `1h30m`, `2d`, `0` | a duration; only 0 goes without a unit |
| `10%` | a percentage; the sign belongs to it |
| `512MiB`, `1GiB`, `64KiB`, `1000` | a size; without a unit in bytes |
| `${version}` | the version that is released; in `run`, `image`, `dir` and the values of `env` |
| `$NAME` | in a command: a variable of the shell, which slipway leaves alone |
| `key: ~` | back to the default |
| `x-anything: …` | a block of your own, anywhere; slipway does not look into it |
| `&name`, `*name`, `<<: *name` | YAML's anchors, to write something once |

A condition of `roll_back_when` is one of: `error_rate > 5%` (share of answers with a 5xx status),
`latency_p95 > 500ms` (95 % of the answers are faster; any quantile from p01 to p9999),
`latency_p95 > 2x baseline` (compared with the release that is being replaced), `health failing`.

## Inheritance

Every key except `app` and `environments` may stand at the top level, where it holds for all
environments, and in an environment, where it holds for that one. An environment starts from the top
level, or with `inherits` from another environment. Maps are merged key by key; other values, lists and
single secrets are replaced as a whole. A file without `environments` has one, `production`.
)";

// `services.*.health` as a reader would write it.
std::string shown_path(std::string_view path) {
  auto out = replace_all(std::string(path), "*", "NAME");
  return replace_all(out, "[]", "[…]");
}

std::string cell(std::string_view text) {
  return text.empty() ? std::string("–") : "`" + replace_all(std::string(text), "|", "\\|") + "`";
}

std::string row(const Key& key) {
  auto words = words_for(key);
  if (!key.range.empty() && key.type != Type::Enum) {
    auto range = std::string(key.range);
    words += range.ends_with("..") ? fmt::format(", at least {}", range.substr(0, range.size() - 2))
                                   : ", " + replace_all(range, "..", " to ");
  }
  const auto written = key.example.empty() || key.shape == Shape::MapOf
                           ? std::string()
                           : fmt::format(" Example: {}", cell(key.example));
  return fmt::format("| `{}` | {} | {} | {}{} |\n", key.name(), words, cell(key.otherwise), key.doc,
                     written);
}

std::string section(std::string_view parent, std::string_view title, std::string_view doc) {
  std::string rows;
  for (const auto& key : all_keys()) {
    if (key.parent() != parent || key.shape == Shape::Reserved || key.name() == "*") continue;
    rows += row(key);
  }
  if (rows.empty()) return {};
  return fmt::format(
      "\n## {}\n\n{}\n\n| key | value | default | what it does |\n|---|---|---|---|\n{}", title,
      doc, rows);
}

std::string later_keys() {
  std::string out =
      "\n## Keys of later versions\n\nThey are refused: a file that says them would promise what "
      "this version does not do. "
      "Keep them under `x-…` until then.\n\n| key | what it will say |\n|---|---|\n";
  for (const auto& key : all_keys()) {
    if (key.shape == Shape::Reserved)
      out += fmt::format("| `{}` | {} |\n", shown_path(key.path), key.doc);
  }
  return out;
}

}  // namespace

std::string reference_page() {
  std::string out(kIntroduction);
  out += section({}, "The top level",
                 "`app` and `services` must be there; everything else has a default. `inherits` "
                 "stands in an environment alone.");
  for (const auto& key : all_keys()) {
    if (key.shape == Shape::One || key.shape == Shape::List || key.shape == Shape::OneOrList ||
        key.shape == Shape::Reserved)
      continue;
    if (key.shape == Shape::MapOf) continue;  // its keys are the writer's own
    out += section(inside_of(key).empty() ? "-" : inside_of(key),
                   "`" + shown_path(inside_of(key)) + "`", key.doc);
  }
  return out + later_keys();
}

}  // namespace slipway::config

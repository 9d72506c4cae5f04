// slipway config: every value in use and where it comes from; or the JSON Schema.
#include <fmt/core.h>

#include <algorithm>

#include "cli/entries.h"
#include "cli/target.h"

namespace slipway::cli {
namespace {
constexpr std::size_t kWidestColumn = 48;

int print_table(Session& session, const std::vector<config::Resolved>& rows) {
  std::size_t path_width = 0;
  std::size_t value_width = 0;
  for (const auto& row : rows) {
    path_width = std::max(path_width, row.path.size());
    value_width = std::max(value_width, std::min(row.value.size(), kWidestColumn));
  }
  std::string out;
  for (const auto& row : rows) {
    out += fmt::format("{:<{}}  {:<{}}  {}\n", row.path, path_width, row.value, value_width,
                       row.origin);
  }
  session.print(out);
  return 0;
}

int print_json(Session& session, const std::vector<config::Resolved>& rows) {
  Json list = Json::array();
  for (const auto& row : rows) {
    list.push_back(
        Json::object().set("path", row.path).set("value", row.value).set("origin", row.origin));
  }
  session.show(Json::object().set("resolved", std::move(list)));
  return 0;
}
}  // namespace

int run_config(Session& session) {
  if (session.given().has("--schema")) {
    session.show(config::json_schema());
    return 0;
  }
  Json details;
  const auto loaded = load_file(session, details);
  if (!loaded) return session.fail(loaded.error(), details);
  const auto& file = loaded->file;
  const auto rows = config::load(file.text, file.path, file.folder).resolved;
  return session.wants_json() ? print_json(session, rows) : print_table(session, rows);
}

}  // namespace slipway::cli

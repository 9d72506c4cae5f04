#include "cli/target.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "cli/gate_files.h"
#include "http/message.h"

namespace slipway::cli {

Result<Loaded> load_file(const Session& session, Json& details) {
  auto file = TRY(find_file(session));
  auto loaded = config::load(file.text, file.path, file.folder);
  check_gate_files(loaded, file.folder);
  if (loaded.config && loaded.diagnostics.empty())
    return Loaded{std::move(file), std::move(*loaded.config)};
  Error error(Code::ConfigInvalid,
              fmt::format("{} has {}", file.path,
                          count_of(static_cast<long long>(loaded.diagnostics.size()), "mistake")),
              "correct the file and look it over with: slipway check");
  Json list = Json::array();
  for (const auto& one : loaded.diagnostics) {
    list.push_back(Json::object()
                       .set("file", one.at.file)
                       .set("line", one.at.line)
                       .set("column", one.at.column)
                       .set("what", one.what)
                       .set("suggestion", one.suggestion));
  }
  details = Json::object()
                .set("code", facts_of(error.code).name)
                .set("number", static_cast<int>(error.code))
                .set("what", error.what)
                .set("next", error.next)
                .set("exit_code", facts_of(error.code).exit_code)
                .set("diagnostics", std::move(list));
  return error;
}

bool is_release_id(const std::string& text) {
  return text.size() > 2 && text.starts_with("r-") &&
         std::all_of(text.begin() + 2, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<std::string> pick_environment(const config::Config& config, const std::string& named) {
  std::vector<std::string> names;
  for (const auto& [name, environment] : config.environments) names.push_back(name);
  if (named.empty() && names.size() == 1) return names.front();
  if (named.empty()) {
    return Error(Code::Usage, fmt::format("{} has {} environments", config.file, names.size()),
                 "name one: " + join(names, ", "));
  }
  if (config.environments.contains(named)) return named;
  const auto near = nearest(named, names);
  return Error(Code::Usage, fmt::format("{} has no environment \"{}\"", config.file, named),
               near ? fmt::format("did you mean {}?", *near)
                    : "it has: " + (names.empty() ? "none" : join(names, ", ")));
}

namespace {
// `slipway logs` takes the environment as an option.
std::string place_of_environment(const Session& session) {
  for (const auto& argument : session.given().verb().arguments) {
    if (argument.name == "ENV") return "ENV";
  }
  return "--env ENV";
}

Result<Target> from_daemon(Session& session, Link& link, const std::string& named) {
  const Json status = TRY(link.get("/v1/status"));
  std::vector<Target> fitting;
  std::vector<std::string> all;
  for (const auto& one : status.at("environments").items()) {
    all.push_back(one.text("environment") + " of " + one.text("app"));
    if (named.empty() || one.text("environment") == named)
      fitting.push_back({one.text("app"), one.text("environment")});
  }
  if (fitting.size() == 1) return fitting.front();
  if (all.empty()) {
    return Error(Code::NotFound, "nothing has been released here yet",
                 "go to the folder of slipway.yaml, then: slipway deploy ENV VERSION");
  }
  return Error(
      Code::Usage,
      fmt::format("there is no slipway.yaml here, and the daemon knows {}", join(all, ", ")),
      "name one: " + place_of_environment(session) + " --app NAME");
}
}  // namespace

Result<Target> find_target(Session& session, Link& link, const std::string& named) {
  const std::string app = session.given().text("--app");
  if (!app.empty() && !named.empty()) return Target{app, named};
  if (!app.empty()) {
    return Error(Code::Usage, "--app " + app + " needs the environment too",
                 place_of_environment(session) + " --app " + app);
  }
  if (!file_is_there(session)) return from_daemon(session, link, named);
  Json details;
  const auto loaded = load_file(session, details);
  if (!loaded && loaded.error().code == Code::ConfigInvalid) {
    return Error(
        Code::ConfigInvalid, loaded.error().what,
        "correct it (slipway check), or say " + place_of_environment(session) + " --app NAME");
  }
  if (!loaded) return loaded.error();
  return Target{loaded->config.app, TRY(pick_environment(loaded->config, named))};
}

void add_author(const Session& session, Json& body) {
  if (!session.around().user.empty()) body.set("by", session.around().user);
}

std::string target_path(const Target& target) {
  return "app=" + http::percent_encoded(target.app) +
         "&environment=" + http::percent_encoded(target.environment);
}

std::string clock_text(std::int64_t at_ms) { return to_iso8601(from_unix_ms(at_ms)).substr(11, 8); }

std::string date_text(std::int64_t at_ms) {
  std::string out = to_iso8601(from_unix_ms(at_ms)).substr(0, 16);
  std::replace(out.begin(), out.end(), 'T', ' ');
  return out;
}

std::string about(std::int64_t ms) {
  const auto seconds = ms / 1000;
  if (ms < 1000) return fmt::format("{}ms", std::max<std::int64_t>(0, ms));
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 120 * 60) return fmt::format("{}m", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

}  // namespace slipway::cli

#include "daemon/release_request.h"

#include <algorithm>
#include "daemon/database_watch.h"

#include "base/text.h"
#include "config/edge_settings.h"
#include "config/load.h"
#include "io/files.h"
#include "plan/gate_files.h"
#include "release/facts.h"
#include "release/migrate_steps.h"

namespace slipway::daemon {
namespace {
constexpr std::size_t kMostPageBytes = 256 * 1024;
constexpr std::size_t kMostCalendarBytes = std::size_t{1} << 20;

Result<void> check_texts(const Json& body, const std::vector<std::string>& keys) {
  for (const auto& key : keys) {
    const Json* value = body.find(key);
    if (value != nullptr && !value->is_string()) {
      return Error(Code::Usage, "\"" + key + "\" of the request is not a text",
                   "see docs/reference/openapi.yaml");
    }
  }
  return ok();
}

Json diagnostics_document(const config::LoadResult& loaded) {
  Json list = Json::array();
  for (const auto& one : loaded.diagnostics) {
    list.push_back(Json::object()
                       .set("file", one.at.file)
                       .set("line", one.at.line)
                       .set("column", one.at.column)
                       .set("what", one.what)
                       .set("suggestion", one.suggestion));
  }
  return list;
}

std::string absolute(const std::string& path, const std::string& folder) {
  if (path.starts_with('/') || folder.empty()) return path;
  return path.empty() || path == "." ? folder : folder + "/" + path;
}

// The program of a driver's command line, when it is given by a relative path.
std::string absolute_command(const std::string& line, const std::string& folder) {
  const auto program = line.substr(0, line.find(' '));
  return program.find('/') == std::string::npos ? line : absolute(line, folder);
}

void anchor_checks(config::Environment& settings, const std::string& folder) {
  for (auto& check : settings.gates.checks) {
    if (!check.file.empty()) check.file = absolute(check.file, folder);
    if (!check.secret.file.empty()) check.secret.file = absolute(check.secret.file, folder);
  }
  if (!settings.gates.checks.empty()) settings.folder = folder;
}

void anchor_channels(config::Environment& settings, const std::string& folder) {
  for (auto& [name, channel] : settings.channels) {
    if (!channel.ca.empty()) channel.ca = absolute(channel.ca, folder);
    if (!channel.secret.file.empty()) channel.secret.file = absolute(channel.secret.file, folder);
    if (!channel.secret.command.empty()) channel.folder = folder;
  }
}

void anchor_database(config::Environment& settings, const std::string& folder) {
  auto& database = settings.database;
  if (!database.is_set()) return;
  database.migrations.path = absolute(database.migrations.path, folder);
  if (!database.secret.file.empty()) database.secret.file = absolute(database.secret.file, folder);
  settings.folder = folder;
}

// From here on nothing depends on where slipway.yaml was: folders are absolute, and the page is its
// text.
Result<void> anchor(config::Environment& settings, const std::string& folder) {
  for (auto& service : settings.services) {
    service.dir = absolute(service.dir, folder);
    config::anchor_edge_files(service.edge,
                              [&](const std::string& file) { return absolute(file, folder); });
  }
  for (auto& [name, command] : settings.drivers) command = absolute_command(command, folder);
  if (!settings.drivers.empty()) settings.folder = folder;
  if (!settings.nginx.snippet.empty())
    settings.nginx.snippet = absolute(settings.nginx.snippet, folder);
  for (auto* path :
       {&settings.nginx.folder, &settings.nginx.config, &settings.nginx.pid, &settings.nginx.log,
        &settings.haproxy.folder, &settings.haproxy.config, &settings.haproxy.master}) {
    *path = absolute(*path, folder);
  }
  if (settings.nginx.access_log != "off")
    settings.nginx.access_log = absolute(settings.nginx.access_log, folder);
  for (auto& [name, secret] : settings.secrets) {
    if (!secret.file.empty()) secret.file = absolute(secret.file, folder);
  }
  TRY(plan::read_holidays(settings.gates, [&](const std::string& file) {
    return io::read_file(absolute(file, folder), kMostCalendarBytes);
  }));
  anchor_database(settings, folder);
  anchor_checks(settings, folder);
  anchor_channels(settings, folder);
  auto& page = settings.maintenance.page;
  if (page.empty()) return ok();
  auto text = io::read_file(absolute(page, folder), kMostPageBytes);
  if (!text) return std::move(text).error().in("the maintenance page of " + settings.name);
  page = std::move(text).value();
  return ok();
}

Result<config::Config> config_from_text(const ReleaseRequest& request, Json& details) {
  auto loaded = config::load(request.config, request.file, request.folder);
  if (!loaded.config) {
    details.set("diagnostics", diagnostics_document(loaded));
    const std::string first =
        loaded.diagnostics.empty() ? "" : ": " + loaded.diagnostics.front().text();
    return Error(Code::ConfigInvalid,
                 request.file + " has " +
                     count_of(static_cast<long long>(loaded.diagnostics.size()), "mistake") + first,
                 "correct them; `slipway check` shows them all");
  }
  return std::move(*loaded.config);
}

// A rollback needs no file: the newest stored settings of the environment stand in for it.
Result<config::Config> config_from_store(House& house, const ReleaseRequest& request) {
  const ports::AppRef app{request.app, request.wanted.environment};
  const auto rows = TRY(house.store.releases(app, 1));
  if (rows.empty()) {
    return Error(Code::NotFound,
                 "nothing was ever released to " + app.environment + " of " + app.app,
                 "see what there is: slipway status");
  }
  const auto plan = TRY(plan::plan_from_json(rows.front().plan));
  config::Config config;
  config.app = app.app;
  config.environments.emplace(app.environment, plan.settings);
  return config;
}

Result<config::Environment*> environment_of(config::Config& config, const std::string& name) {
  const auto found = config.environments.find(name);
  if (found != config.environments.end()) return &found->second;
  std::vector<std::string> names;
  for (const auto& [known, settings] : config.environments) names.push_back(known);
  const auto near = nearest(name, names);
  return Error(Code::Usage, config.app + " has no environment \"" + name + "\"",
               near ? "did you mean " + *near + "?" : "it has: " + join(names, ", "));
}
}  // namespace

Result<void> check_members(const Json& body, const std::vector<std::string>& known) {
  if (!body.is_object()) {
    return Error(Code::Malformed, "the request's body is not a JSON object",
                 "send Content-Type: application/json");
  }
  for (const auto& [key, value] : body.members()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const auto near = nearest(key, known);
    return Error(Code::Usage, "unknown member \"" + key + "\" in the request",
                 near ? "did you mean \"" + *near + "\"?" : "known are: " + join(known, ", "));
  }
  return ok();
}

Result<ReleaseRequest> read_release_request(const Json& body) {
  TRY(check_members(
      body, {"config", "file", "folder", "app", "environment", "version", "kind", "to", "by",
             "supersede", "override", "hotfix", "reason", "taken_back", "ends_standstill"}));
  TRY(check_texts(body, {"config", "file", "folder", "app", "environment", "version", "kind", "to",
                         "by", "reason"}));
  ReleaseRequest request;
  request.config = body.text("config");
  request.file = body.text("file", "slipway.yaml");
  request.folder = body.text("folder");
  request.app = body.text("app");
  request.supersede = body.flag("supersede");
  request.taken_back = body.strings("taken_back");
  request.ends_standstill = body.flag("ends_standstill");
  request.wanted.environment = body.text("environment");
  request.wanted.by = body.text("by");
  request.wanted.overrides = body.strings("override");
  request.wanted.hotfix = body.flag("hotfix");
  request.wanted.reason = body.text("reason");
  const std::string kind = body.text("kind", "deploy");
  const bool back = kind == "rollback";
  if (!back && kind != "deploy")
    return Error(Code::Usage, "kind \"" + kind + "\" is unknown", "deploy or rollback");
  request.wanted.kind = back ? plan::RequestKind::Rollback : plan::RequestKind::Deploy;
  request.wanted.version = back ? body.text("to", body.text("version")) : body.text("version");
  if (back && (request.wanted.hotfix || !request.wanted.overrides.empty()))
    return Error(Code::Usage, "a rollback passes every gate as it is", "leave out the override");
  if (!request.taken_back.empty() && (!back || request.app.empty()))
    return Error(Code::Usage, "only a rollback that names its \"app\" has \"taken_back\"",
                 "leave it out");
  if (request.wanted.environment.empty())
    return Error(Code::Usage, "the request names no environment", "add it");
  if (!back && request.wanted.version.empty())
    return Error(Code::Usage, "the request names no version", "add it");
  if (request.config.empty() && (!back || request.app.empty())) {
    return Error(
        Code::Usage, "the request has no configuration",
        "send the text of slipway.yaml as \"config\"; a rollback may name \"app\" instead");
  }
  if (!request.config.empty() && !request.folder.starts_with('/')) {
    return Error(Code::Usage, "\"folder\" is not an absolute path: \"" + request.folder + "\"",
                 "send the folder slipway.yaml is in");
  }
  return request;
}

Result<config::Config> config_of(House& house, const ReleaseRequest& request, Json& details) {
  config::Config config = request.config.empty() ? TRY(config_from_store(house, request))
                                                 : TRY(config_from_text(request, details));
  config::Environment* settings = TRY(environment_of(config, request.wanted.environment));
  // What was stored is anchored already: its page is no file's name any more.
  if (!request.config.empty()) TRY(anchor(*settings, request.folder));
  return config;
}

Result<Prepared> prepare(House& house, const ReleaseRequest& request, Look look, Json& details) {
  const config::Config config = TRY(config_of(house, request, details));
  const config::Environment* settings = &config.environments.at(request.wanted.environment);
  auto drivers = TRY(house.drivers(*settings, config.app));
  release::World world = world_of(house, *drivers);
  auto facts = TRY(release::gather_facts(world, config.app, *settings, request.wanted));
  // Nobody waits for a count on the way back.
  const bool is_deploy = request.wanted.kind == plan::RequestKind::Deploy;
  if (is_deploy && plan::needs_seats(*settings)) facts.seats = ask_seats(*drivers, *settings);
  if (facts.previous && !facts.previous->broken_by.empty()) {
    details.set("broken_by", facts.previous->broken_by);
    details.set("broken_in", TRY(release::broken_in(house.store, {config.app, settings->name},
                                                    facts.previous->id)));
  }
  Prepared out;
  out.app = {config.app, settings->name};
  out.settings = *settings;
  out.plan = TRY(plan::make_plan(config, facts, request.wanted));
  out.drivers = std::move(drivers);
  if (look == Look::PlanOnly) return out;
  out.findings = out.drivers->instances->preflight(out.plan);
  const auto more = out.drivers->router->preflight(out.plan);
  out.findings.insert(out.findings.end(), more.begin(), more.end());
  return out;
}

}  // namespace slipway::daemon

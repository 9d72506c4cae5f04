#include "daemon/channel_tests.h"

#include "base/text.h"
#include "daemon/api.h"
#include "daemon/documents.h"
#include "daemon/release_request.h"

namespace slipway::daemon {
namespace {
constexpr std::string_view kKind = "test";
constexpr std::size_t kMostShown = 50;

Result<void> add_channels(const config::Environment& settings, const std::string& wanted,
                          ports::Telling& out) {
  std::vector<std::string> names;
  for (const auto& [name, channel] : settings.channels) {
    names.push_back(name);
    if (wanted.empty() || wanted == name) out.to.push_back({name, config::to_json(channel)});
  }
  if (!out.to.empty()) return ok();
  if (names.empty()) {
    return Error(Code::Usage, settings.name + " has no channels",
                 "channels: { team: { type: slack, … } }");
  }
  const auto near = nearest(wanted, names);
  return Error(Code::Usage, settings.name + " has no channel '" + wanted + "'",
               near ? "did you mean '" + *near + "'?" : "it has: " + join(names, ", "));
}
}  // namespace

Result<ports::Telling> test_telling(const ports::AppRef& app, const config::Environment& settings,
                                    const std::string& channel, const std::string& by,
                                    std::int64_t now_ms) {
  ports::Telling out;
  TRY(add_channels(settings, channel, out));
  auto& notice = out.notice;
  notice.kind = kKind;
  notice.subject = app.app + "/" + app.environment + "/test/" + std::to_string(now_ms);
  notice.key = notice.subject + (channel.empty() ? "" : "/" + channel);
  notice.app = app.app;
  notice.environment = app.environment;
  notice.by = by;
  notice.at_ms = now_ms;
  notice.text = app.app + " " + app.environment + ": a test message; nothing has happened";
  if (!settings.url.empty()) notice.links.emplace_back("Open the app", settings.url);
  return out;
}

bool is_test(const ports::Notice& notice, const ports::AppRef& app) {
  return notice.kind == kKind && notice.app == app.app && notice.environment == app.environment;
}

Reply Api::test_channels(const Call& call) {
  Json details;
  const auto body = body_of(call);
  if (!body) return error_reply(body.error());
  const auto known = check_members(*body, {"config", "file", "folder", "channel", "by"});
  if (!known) return error_reply(known.error());
  const ports::AppRef app{call.places.at("app"), call.places.at("environment")};
  ReleaseRequest request;
  request.config = body->text("config");
  request.file = body->text("file", "slipway.yaml");
  request.folder = body->text("folder");
  request.app = app.app;
  request.wanted.environment = app.environment;
  if (!request.config.empty() && !request.folder.starts_with('/')) {
    return error_reply(Error(Code::Usage, "\"folder\" is not an absolute path",
                             "send the folder slipway.yaml is in"));
  }
  const auto config = config_of(parts_.house, request, details);
  if (!config) return error_reply(config.error(), details);
  if (config->app != app.app) {
    return error_reply(Error(Code::Usage, "the configuration is of " + config->app,
                             "ask for that app, not for " + app.app));
  }
  const auto telling =
      test_telling(app, config->environments.at(app.environment), body->text("channel"),
                   by_of(call, *body), parts_.house.now_ms());
  if (!telling) return error_reply(telling.error());
  const auto told = parts_.house.store.tell(*telling);
  if (!told) return error_reply(told.error());
  return json_reply(Json::object().set("key", telling->notice.key), 202);
}

Reply Api::channel_tests(const Call& call) {
  const ports::AppRef app{call.places.at("app"), call.places.at("environment")};
  const auto notices = parts_.house.store.notices("");
  const auto deliveries = parts_.house.store.deliveries("");
  if (!notices) return error_reply(notices.error());
  if (!deliveries) return error_reply(deliveries.error());
  Json tests = Json::array();
  for (auto one = notices->rbegin(); one != notices->rend() && tests.size() < kMostShown; ++one) {
    if (is_test(*one, app)) tests.push_back(notice_document(*one, *deliveries));
  }
  return json_reply(Json::object().set("tests", std::move(tests)));
}

}  // namespace slipway::daemon

#include <algorithm>
#include <charconv>

#include "drivers/edge/control.h"
#include "drivers/edge/drivers.h"
#include "drivers/edge/translate.h"

namespace slipway::drivers::edge {
namespace {
constexpr int kMostConflicts = 3;  // somebody else may write between the look and the question

std::string app_target(const ports::AppRef& app) {
  return "/v1/apps/" + http::percent_encoded(app.app) + "/" +
         http::percent_encoded(app.environment);
}

std::string version_text(std::int64_t version) {
  return version == 0 ? "" : std::to_string(version);
}

Result<std::int64_t> version_number(const std::string& text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  if (text.empty()) return number;
  if (std::from_chars(text.data(), end, number).ptr == end) return number;
  return Error(Code::Conflict, "\"" + text + "\" is no version of the edge's table",
               "observe the split again");
}

// The services the plan's new release will be reached by, without pools.
Result<std::vector<slipway::edge::Service>> planned_services(const plan::Plan& plan) {
  ports::Split split;
  for (const auto& service : plan.settings.services) {
    if (!service.listens) continue;
    const std::string health = service.health ? service.health->path : "";
    split.fronts.push_back({service.name, service.route, health, service.drain, service.edge});
  }
  return services_of(ports::AppRef{plan.app, plan.environment}, split);
}

Json documents_of(const std::vector<slipway::edge::Service>& services) {
  Json out = Json::array();
  for (const auto& service : services) out.push_back(to_json(service));
  return out;
}

class EdgeRouter final : public ports::Router {
 public:
  explicit EdgeRouter(const std::string& socket_path) : control_(socket_path) {}

  plan::Capabilities capabilities() const override {
    plan::Capabilities can;
    can.router_name = "edge";
    can.edge_settings = {"*"};
    return can;
  }

  std::vector<ports::Finding> preflight(const plan::Plan& plan) override {
    const auto fits = would_accept(plan);
    if (fits) return {};
    return {{ports::Finding::Weight::Blocks, fits.error()}};
  }

  Result<ports::SplitView> observe_split(const ports::AppRef& app) override {
    const Json json = TRY(control_.get(app_target(app)));
    const auto services = TRY(slipway::edge::services_from_json(json.at("services")));
    ports::SplitView view;
    view.split = split_of(app, services);
    view.version = version_text(json.integer("version"));
    view.epoch = static_cast<std::uint64_t>(json.integer("epoch"));
    view.op = json.text("op");
    return view;
  }

  ports::Outcome set_split(const ports::AppRef& app, const ports::Split& want,
                           const std::string& expected, std::uint64_t epoch,
                           const OpId& op) override {
    const auto version = version_number(expected);
    if (!version) return ports::Outcome::not_applied(version.error());
    const auto services = services_of(app, want);
    if (!services) return ports::Outcome::not_applied(services.error());
    return control_.put(app_target(app), Json::object()
                                             .set("expected_version", *version)
                                             .set("epoch", epoch)
                                             .set("op", op.text())
                                             .set("services", documents_of(*services)));
  }

  Result<ports::DrainView> observe_drain(const ports::AppRef& app) override {
    const Json json = TRY(control_.get("/v1/drain?app=" + http::percent_encoded(app.app) +
                                       "&environment=" + http::percent_encoded(app.environment)));
    ports::DrainView view;
    for (const auto& item : json.at("draining").items()) {
      const std::int64_t in_flight = item.integer("in_flight");
      if (in_flight <= 0) continue;  // gone quiet, but not forgotten by the edge yet
      view.draining.push_back(
          {item.text("service"), item.text("release"), item.text("address"), in_flight});
    }
    return view;
  }

 private:
  // The edge itself judges: it knows the other apps, and whether it can read the certificates.
  Result<void> would_accept(const plan::Plan& plan) const {
    const ports::AppRef app{plan.app, plan.environment};
    Json question = Json::object().set("check_only", true);
    question.set("services", documents_of(TRY(planned_services(plan))));
    for (int i = 1;; ++i) {
      const Json now = TRY(control_.get(app_target(app)));
      question.set("expected_version", now.integer("version")).set("epoch", now.integer("epoch"));
      const auto answer = control_.put(app_target(app), question);
      if (answer.kind == ports::Outcome::Kind::Applied) return ok();
      if (answer.why.code != Code::Conflict || i == kMostConflicts) return answer.why;
    }
  }

  Control control_;
};
}  // namespace

std::unique_ptr<ports::Router> make_router(const std::string& socket_path) {
  return std::make_unique<EdgeRouter>(socket_path);
}

}  // namespace slipway::drivers::edge

#pragma once
// A small shop (web with two instances and a worker) and the facts around it, for tests of plans.
#include <string>

#include "plan/plan.h"

namespace slipway::plan {

inline config::Service web_service(int instances = 2) {
  config::Service web;
  web.name = "web";
  web.run = "node server.js ${version}";
  web.dir = "/srv/shop";
  web.instances = instances;
  web.needs = {"worker"};
  web.health = config::Health{};
  web.health->path = "/health";
  return web;
}

inline config::Service worker_service(int instances = 1) {
  config::Service worker;
  worker.name = "worker";
  worker.run = "node worker.js";
  worker.listens = false;
  worker.instances = instances;
  return worker;
}

inline config::Environment shop_settings(config::Strategy strategy) {
  config::Environment out;
  out.name = "production";
  out.services = {worker_service(), web_service()};
  config::Smoke get;
  get.get = "/health";
  config::Smoke run;
  run.run = "npm run smoke";
  out.smoke = {get, run};
  out.rollout.strategy = strategy;
  if (strategy == config::Strategy::Canary) out.rollout.steps = {0.5, 10, 100};
  out.rollout.judge.period = Millis(30'000);
  config::Trigger trigger;
  trigger.limit = 5;
  trigger.text = "error_rate > 5%";
  out.roll_back_when = {trigger};
  out.watch = Millis(120'000);
  return out;
}

inline config::Config shop(const config::Environment& settings) {
  config::Config out;
  out.app = "shop";
  out.file = "slipway.yaml";
  out.folder = "/srv/shop";
  out.environments[settings.name] = settings;
  return out;
}

inline LiveRelease kept(const config::Environment& settings, const std::string& id,
                        const std::string& version) {
  LiveRelease out;
  out.id = id;
  out.version = version;
  out.environment = config::to_json(settings);
  out.digests = {{"web", "sha256:" + version}, {"worker", "sha256:" + version}};
  return out;
}

inline Facts facts_with_live(const config::Environment& settings) {
  Facts facts;
  facts.capabilities.platform_name = "process";
  facts.capabilities.router_name = "edge";
  facts.live = kept(settings, "r-0041", "v1");
  facts.digests = {{"web", "sha256:v2"}, {"worker", "sha256:v2"}};
  return facts;
}

inline Request deploy(const std::string& version = "v2") {
  return {RequestKind::Deploy, "production", version, "ada"};
}

inline Request roll_back(const std::string& version = "") {
  return {RequestKind::Rollback, "production", version, "ada"};
}

}  // namespace slipway::plan

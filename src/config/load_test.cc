#include "config/load.h"

#include <algorithm>

#include "config/load_test_kit.h"

namespace slipway::config {
namespace {

constexpr std::string_view kSmall = R"(app: shop
services:
  web: { run: ./web }
)";

const Resolved* row(const LoadResult& result, std::string_view path) {
  for (const auto& one : result.resolved) {
    if (one.path == path) return &one;
  }
  return nullptr;
}

std::string shown(const LoadResult& result, std::string_view path) {
  const auto* found = row(result, path);
  return found == nullptr ? "absent" : found->value + " | " + found->origin;
}

TEST(Load, AFileOfThreeLinesHasOneEnvironmentAndEveryDefault) {
  const auto result = load_text(kSmall);
  ASSERT_TRUE(result.config) << all_text(result);
  EXPECT_EQ(result.config->app, "shop");
  EXPECT_EQ(result.config->file, "slipway.yaml");
  EXPECT_EQ(result.config->folder, "/srv/app");
  ASSERT_EQ(result.config->environments.size(), 1u);
  const auto& production = result.config->environments.at("production");
  EXPECT_EQ(production.rollout.strategy, Strategy::BlueGreen);
  EXPECT_TRUE(production.rollout.steps.empty());
  EXPECT_EQ(production.watch, Millis(0));
  ASSERT_EQ(production.services.size(), 1u);
  EXPECT_EQ(production.services[0].run, "./web");
  EXPECT_TRUE(production.services[0].listens);
  EXPECT_FALSE(production.services[0].health);
  EXPECT_EQ(shown(result, "environments"), "production | default");
}

// Two places say the defaults: the table for people, the structs for code that builds its own
// values.
TEST(Load, DefaultsOfTheTableAreThoseOfTheStructs) {
  const auto loaded =
      environment_of("app: a\nservices:\n  web: { run: x, health: {} }\nsmoke:\n  - { get: / }\n");
  const Service plain;
  const auto& web = loaded.services.at(0);
  EXPECT_EQ(web.health, Health{});
  EXPECT_EQ(web.stop, plain.stop);
  EXPECT_EQ(web.limits, plain.limits);
  EXPECT_EQ(web.drain, plain.drain);
  EXPECT_EQ(web.route, plain.route);
  EXPECT_EQ(web.instances, plain.instances);
  EXPECT_EQ(web.listens, plain.listens);
  EXPECT_EQ(loaded.smoke.at(0).expect, Smoke{}.expect);
  EXPECT_EQ(loaded.smoke.at(0).timeout, Smoke{}.timeout);
  const Environment bare;
  EXPECT_EQ(loaded.platform, bare.platform);
  EXPECT_EQ(loaded.router, bare.router);
  EXPECT_EQ(loaded.rollout.batch, bare.rollout.batch);
  EXPECT_EQ(loaded.rollout.keep_old, bare.rollout.keep_old);
  EXPECT_EQ(loaded.rollout.judge.least_requests, bare.rollout.judge.least_requests);
  EXPECT_EQ(loaded.rollout.judge.period, bare.rollout.judge.period);
  EXPECT_EQ(loaded.rollout.judge.deadline, bare.rollout.judge.deadline);
  EXPECT_EQ(loaded.on_conflict, bare.on_conflict);
  EXPECT_EQ(loaded.maintenance.retry_after, bare.maintenance.retry_after);
}

TEST(Load, EveryKeyOfAServiceArrivesInItsField) {
  const auto environment = environment_of(R"(app: a
services:
  web:
    run: node ${version}.js
    dir: d/${version}
    instances: 3
    env: { A: one, N: 3, EMPTY: "" }
    secrets: [KEY]
    health: { path: /h, interval: 1s, timeout: 500ms, healthy: 4, unhealthy: 5, start_period: 1m30s, host: h.x, ready_path: /r }
    drain: 1h
    stop: { signal: INT, timeout: 0 }
    limits: { memory: 512MiB, cpus: 0.5, pids: 7 }
    user: www
    hosts: [a.example, "*.b.example"]
    paths: [/api/, /]
    strip_path: false
secrets: { KEY: { file: /k } }
)");
  const auto& web = environment.services.at(0);
  EXPECT_EQ(web.run, "node ${version}.js");
  EXPECT_EQ(web.dir, "d/${version}");
  EXPECT_EQ(web.instances, 3);
  EXPECT_EQ(web.env, (std::map<std::string, std::string>{{"A", "one"}, {"EMPTY", ""}, {"N", "3"}}));
  EXPECT_EQ(web.secrets, std::vector<std::string>{"KEY"});
  const Health health{"/h", Millis(1000), Millis(500), 4, 5, Millis(90'000), "h.x", "/r"};
  EXPECT_EQ(web.health, health);
  EXPECT_EQ(web.drain, Millis(3'600'000));
  EXPECT_EQ(web.stop, (Stop{"INT", Millis(0)}));
  EXPECT_EQ(web.limits, (Limits{512u << 20, 0.5, 7}));
  EXPECT_EQ(web.user, "www");
  EXPECT_EQ(web.route, (Route{{"a.example", "*.b.example"}, {"/api", "/"}, false}));
  EXPECT_EQ(environment.secrets.at("KEY"), (SecretRef{"KEY", "", "/k", ""}));
}

TEST(Load, EveryKeyOfAnEnvironmentArrivesInItsField) {
  const auto environment = environment_of(R"(app: a
services: { web: { run: x } }
smoke: [ { get: /h, service: web, expect: 204, contains: ok, timeout: 1s }, { run: ./s } ]
rollout: { strategy: canary, steps: [0.5%, 100%], judge: { period: 1m, deadline: 5m, least_requests: 9 }, keep_old: 0 }
roll_back_when: [ error_rate > 5%, latency_p99 > 500ms, latency_p95 > 2x baseline, health failing ]
watch: 30m
on_conflict: supersede
maintenance: { page: p.html, retry_after: 5m, allow: [10.0.0.0/8, "::1"] }
platform: command
router: command
drivers: { platform: ./p, router: ./r }
url: https://a.example
branch: main
)");
  ASSERT_EQ(environment.smoke.size(), 2u);
  EXPECT_EQ(environment.smoke[0].get, "/h");
  EXPECT_EQ(environment.smoke[0].expect, 204);
  EXPECT_EQ(environment.smoke[1].run, "./s");
  EXPECT_EQ(environment.rollout.steps, (std::vector<double>{0.5, 100}));
  EXPECT_EQ(environment.rollout.judge.period, Millis(60'000));
  EXPECT_EQ(environment.rollout.judge.deadline, Millis(300'000));
  EXPECT_EQ(environment.rollout.judge.least_requests, 9);
  EXPECT_EQ(environment.rollout.keep_old, Millis(0));
  ASSERT_EQ(environment.roll_back_when.size(), 4u);
  EXPECT_EQ(environment.roll_back_when[1].kind, Trigger::Kind::LatencyQuantile);
  EXPECT_DOUBLE_EQ(environment.roll_back_when[1].quantile, 0.99);
  EXPECT_EQ(environment.watch, Millis(1'800'000));
  EXPECT_EQ(environment.on_conflict, OnConflict::Supersede);
  EXPECT_EQ(environment.maintenance.allow, (std::vector<std::string>{"10.0.0.0/8", "::1"}));
  EXPECT_EQ(environment.drivers.at("router"), "./r");
  EXPECT_EQ(environment.url, "https://a.example");
  EXPECT_EQ(environment.branch, "main");
}

TEST(Load, ACanaryWithoutStepsGetsTheUsualOnes) {
  const auto environment =
      environment_of("app: a\nservices: { web: { run: x } }\nrollout: { strategy: canary }\n");
  EXPECT_EQ(environment.rollout.steps, (std::vector<double>{10, 25, 50, 100}));
}

TEST(Load, ServicesComeInOrderOfNeedsAndOtherwiseAsWritten) {
  const auto environment = environment_of(R"(app: a
services:
  web: { run: x, needs: [cache, api] }
  mailer: { run: x, port: none }
  api: { run: x, paths: [/api], needs: [cache] }
  cache: { run: x, port: none }
)");
  std::vector<std::string> names;
  for (const auto& service : environment.services) names.push_back(service.name);
  EXPECT_EQ(names, (std::vector<std::string>{"mailer", "cache", "api", "web"}));
  ASSERT_NE(environment.service("api"), nullptr);
  EXPECT_EQ(environment.service("api")->route.paths, std::vector<std::string>{"/api"});
  EXPECT_EQ(environment.service("nobody"), nullptr);
}

constexpr std::string_view kLayers = R"(app: a
services:
  web: { run: ./web, instances: 3, env: { A: top, B: top } }
  worker: { run: ./worker, port: none }
secrets: { KEY: { env: KEY } }
smoke: [ { get: / }, { get: /two } ]
rollout: { strategy: canary, keep_old: 1h }
environments:
  staging:
    services: { web: { env: { B: staging } }, worker: ~ }
    secrets: { KEY: { file: /staging } }
    smoke: [ { get: /staging } ]
    rollout: { keep_old: 2h }
  rehearsal:
    inherits: staging
    services: { web: { instances: 1 } }
    rollout: { keep_old: ~ }
  production: {}
)";

TEST(Load, AnEnvironmentMergesMapsAndReplacesListsAndSecrets) {
  const auto staging = environment_of(kLayers, "staging");
  ASSERT_EQ(staging.services.size(), 1u) << "worker: ~ leaves the service out";
  EXPECT_EQ(staging.services[0].instances, 3);
  EXPECT_EQ(staging.services[0].env.at("A"), "top");
  EXPECT_EQ(staging.services[0].env.at("B"), "staging");
  EXPECT_EQ(staging.secrets.at("KEY"), (SecretRef{"KEY", "", "/staging", ""}));
  ASSERT_EQ(staging.smoke.size(), 1u);
  EXPECT_EQ(staging.smoke[0].get, "/staging");
  EXPECT_EQ(staging.rollout.strategy, Strategy::Canary);
  EXPECT_EQ(staging.rollout.keep_old, Millis(7'200'000));
}

TEST(Load, AnEnvironmentInheritsFromAnotherAndCanGoBackToADefault) {
  const auto rehearsal = environment_of(kLayers, "rehearsal");
  ASSERT_EQ(rehearsal.services.size(), 1u);
  EXPECT_EQ(rehearsal.services[0].instances, 1);
  EXPECT_EQ(rehearsal.services[0].env.at("B"), "staging");
  EXPECT_EQ(rehearsal.rollout.keep_old, Millis(600'000))
      << "~ is the default, not what is inherited";
  const auto production = environment_of(kLayers, "production");
  EXPECT_EQ(production.services.size(), 2u);
  EXPECT_EQ(production.services[0].env.at("B"), "top");
}

TEST(Load, ResolvedSaysWhereEachValueComesFrom) {
  const auto result = load_text(kLayers);
  EXPECT_EQ(shown(result, "app"), "a | slipway.yaml:1:6");
  EXPECT_EQ(shown(result, "environments.staging.services.web.instances"), "3 | slipway.yaml:3:33");
  EXPECT_EQ(shown(result, "environments.staging.services.web.env.B"),
            "staging | slipway.yaml:10:34");
  EXPECT_EQ(shown(result, "environments.rehearsal.services.web.env.B"),
            "staging | inherited from staging (slipway.yaml:10:34)");
  EXPECT_EQ(shown(result, "environments.rehearsal.rollout.keep_old"), "10m | default");
  EXPECT_EQ(shown(result, "environments.staging.rollout.steps"), "[10%, 25%, 50%, 100%] | default");
  EXPECT_EQ(shown(result, "environments.staging.smoke[0].get"), "/staging | slipway.yaml:12:21");
  EXPECT_EQ(shown(result, "environments.production.secrets.KEY.env"), "KEY | slipway.yaml:5:24");
  EXPECT_EQ(shown(result, "environments.staging.services.worker.run"), "absent");
}

TEST(Load, ResolvedIsSortedByPath) {
  const auto result = load_text(kLayers);
  ASSERT_FALSE(result.resolved.empty());
  EXPECT_TRUE(std::is_sorted(result.resolved.begin(), result.resolved.end(),
                             [](const Resolved& a, const Resolved& b) { return a.path < b.path; }));
}

TEST(Load, TheShortFormOfJudgeSetsItsPeriod) {
  const auto result = load_text("app: a\nservices: { web: { run: x } }\nrollout: { judge: 5m }\n");
  ASSERT_TRUE(result.config);
  EXPECT_EQ(result.config->environments.at("production").rollout.judge.period, Millis(300'000));
  EXPECT_EQ(shown(result, "environments.production.rollout.judge.period"),
            "5m | slipway.yaml:3:19");
  EXPECT_EQ(shown(result, "environments.production.rollout.judge.least_requests"), "50 | default");
}

TEST(Load, BlocksOfOnesOwnAreLeftAloneEverywhere) {
  const auto environment = environment_of(R"(app: a
x-top: { any: [thing] }
services:
  x-base: &base { run: ./x, unknown_here: 1 }
  web: { run: ./x, x-note: hello, env: { x-e: [1] } }
environments:
  x-later: 1
  production: { rollout: { x-r: ~ } }
)");
  ASSERT_EQ(environment.services.size(), 1u);
  EXPECT_TRUE(environment.services[0].env.empty());
}

TEST(Load, StepsAtTheTopWaitForTheEnvironmentThatIsACanary) {
  EXPECT_EQ(mistakes_of(R"(app: a
services: { web: { run: x } }
rollout: { steps: [50%, 100%] }
environments:
  staging: {}
  production: { rollout: { strategy: canary } }
)"),
            "");
}

TEST(Routers, OneLineIsEnoughAndTheRestIsAsDebianHasIt) {
  const auto nginx = environment_of("app: a\nservices: { web: { run: x } }\nrouter: nginx\n");
  EXPECT_EQ(nginx.router, "nginx");
  EXPECT_EQ(nginx.nginx, Nginx{});
  const auto haproxy = environment_of("app: a\nservices: { web: { run: x } }\nrouter: haproxy\n");
  EXPECT_EQ(haproxy.router, "haproxy");
  EXPECT_EQ(haproxy.haproxy, Haproxy{});
}

TEST(Routers, SettingsAreReadAndAreInTheFingerprintOfTheirRouterAlone) {
  const auto with = [](const std::string& more) {
    return environment_of("app: a\nservices: { web: { run: x } }\n" + more);
  };
  const auto set = with("router: nginx\nnginx: { listen: [8080, 443 ssl], pid: /srv/n.pid }\n");
  EXPECT_EQ(set.nginx.listen, (std::vector<std::string>{"8080", "443 ssl"}));
  EXPECT_EQ(set.nginx.pid, "/srv/n.pid");
  EXPECT_EQ(set.nginx.config, "/etc/nginx/nginx.conf");
  EXPECT_NE(fingerprint(set), fingerprint(with("router: nginx\n")));
  auto unread = with("");
  unread.nginx.pid = "/srv/n.pid";
  EXPECT_EQ(fingerprint(unread), fingerprint(with("")));
}

TEST(Routers, AStoredEnvironmentKeepsTheirSettings) {
  auto before = environment_of("app: a\nservices: { web: { run: x } }\nrouter: haproxy\n");
  before.haproxy = {{"127.0.0.1:1"}, "/a", "/b", "/c", "/d"};
  const auto after = environment_from_json(to_json(before));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->haproxy, before.haproxy);
  before.router = "nginx";
  before.nginx = {{"81"}, "/s", "off", "/f", "/c", "/p", "/l", "/n"};
  EXPECT_EQ(environment_from_json(to_json(before))->nginx, before.nginx);
}

}  // namespace
}  // namespace slipway::config

#include "ports/workload.h"

#include <gtest/gtest.h>

#include "ports/router.h"

namespace slipway::ports {
namespace {
TEST(Workload, FillsTheVersionInWhereverItMayStand) {
  config::Environment environment;
  environment.secrets["TOKEN"] = {"TOKEN", "SHOP_TOKEN", "", ""};
  config::Service web;
  web.name = "web";
  web.run = "node dist-${version}/server.js --version ${version}";
  web.image = "registry/shop:${version}";
  web.dir = "/srv/shop/${version}";
  web.env = {{"VERSION", "${version}"}, {"MODE", "live"}};
  web.secrets = {"TOKEN", "UNDECLARED"};
  web.user = "shop";
  web.stop.signal = "INT";
  web.limits.pids = 50;
  const auto spec = workload_of(environment, web, "v2", "sha256:abc");
  EXPECT_EQ(spec.run, "node dist-v2/server.js --version v2");
  EXPECT_EQ(spec.image, "registry/shop:v2");
  EXPECT_EQ(spec.dir, "/srv/shop/v2");
  EXPECT_EQ(spec.env.at("VERSION"), "v2");
  EXPECT_EQ(spec.env.at("MODE"), "live");
  EXPECT_EQ(spec.digest, "sha256:abc");
  EXPECT_EQ(spec.version, "v2");
  ASSERT_EQ(spec.secrets.size(), 1u);
  EXPECT_EQ(spec.secrets[0].env, "SHOP_TOKEN");
  EXPECT_EQ(spec.user, "shop");
  EXPECT_EQ(spec.stop.signal, "INT");
  EXPECT_EQ(spec.limits.pids, 50);
  EXPECT_TRUE(spec.listens);
}

TEST(Workload, AsADocumentHoldsReferencesAndNoSecretValues) {
  WorkloadSpec spec;
  spec.run = "node server.js";
  spec.secrets = {{"TOKEN", "", "/run/secrets/token", ""}};
  spec.env = {{"MODE", "live"}};
  const Json json = to_json(spec);
  EXPECT_EQ(json.text("run"), "node server.js");
  EXPECT_EQ(json.at("env").text("MODE"), "live");
  EXPECT_EQ(json.at("secrets").items()[0].text("file"), "/run/secrets/token");
  EXPECT_EQ(json.integer("stop_timeout_ms"), 10'000);
}

TEST(Names, OfStatesAndModesAreWhatPeopleRead) {
  EXPECT_EQ(name_of(InstanceState::Starting), "starting");
  EXPECT_EQ(name_of(InstanceState::Running), "running");
  EXPECT_EQ(name_of(InstanceState::Draining), "draining");
  EXPECT_EQ(name_of(InstanceState::Failed), "failed");
  EXPECT_EQ(name_of(InstanceState::Gone), "gone");
  EXPECT_EQ(name_of(Mode::Serve), "serve");
  EXPECT_EQ(name_of(Mode::Maintenance), "maintenance");
  EXPECT_EQ(name_of(Mode::Paused), "paused");
  EXPECT_EQ(name_of(Mode::Stopped), "stopped");
}
}  // namespace
}  // namespace slipway::ports

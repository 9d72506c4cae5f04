#include "release/facts.h"

#include <gtest/gtest.h>

#include "tests/release/team.h"

namespace slipway::release {
namespace {

TEST(Facts, KnowNothingLiveBeforeTheFirstRelease) {
  Team team;
  const auto facts = gather_facts(team.ports, "shop", team.settings, deploy_of("v1"));
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->live);
  EXPECT_FALSE(facts->previous);
  EXPECT_EQ(facts->digests.at("web"), "fake:v1");
}

TEST(Facts, SayWhatIsLiveAndWhetherThePreviousOneIsStillWarm) {
  Team team;
  ASSERT_TRUE(team.release(deploy_of("v1")));
  ASSERT_TRUE(team.release(deploy_of("v2")));
  auto facts = gather_facts(team.ports, "shop", team.settings, rollback_to());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->live->id, "r-0002");
  EXPECT_EQ(facts->live->digests.at("web"), "fake:v2");
  EXPECT_EQ(facts->previous->version, "v1");
  EXPECT_TRUE(facts->previous->warm);

  ASSERT_EQ(
      team.instances.retire({"shop", "production", "web", "r-0001"}, {"r-0001", "reap-web", 1})
          .kind,
      ports::Outcome::Kind::Applied);
  facts = gather_facts(team.ports, "shop", team.settings, rollback_to());
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->previous->warm);
}

TEST(Facts, SkipAPreviousReleaseThatWasTakenBack) {
  Team team;
  for (const char* version : {"v1", "v2", "v3"}) ASSERT_TRUE(team.release(deploy_of(version)));
  ASSERT_TRUE(mark_bad(team.store, "r-0002", "it was slow"));
  auto facts = gather_facts(team.ports, "shop", team.settings, rollback_to());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->previous->id, "r-0001");
  ASSERT_TRUE(clear_bad(team.store, "r-0002"));
  facts = gather_facts(team.ports, "shop", team.settings, rollback_to());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->previous->id, "r-0002");
}

TEST(Facts, FindTheVersionThatWasNamedEvenWhenItIsBad) {
  Team team;
  for (const char* version : {"v1", "v2", "v3"}) ASSERT_TRUE(team.release(deploy_of(version)));
  ASSERT_TRUE(mark_bad(team.store, "r-0001", "it was slow"));
  const auto facts = gather_facts(team.ports, "shop", team.settings, rollback_to("v1"));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->previous->id, "r-0001");
  EXPECT_TRUE(facts->previous->bad);
  const auto none = gather_facts(team.ports, "shop", team.settings, rollback_to("v9"));
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->previous);
}

TEST(Facts, RefuseAVersionWhoseArtifactIsMissing) {
  Team team;
  fake::Behaviour missing;
  missing.version = "v7";
  missing.missing = true;
  team.script(missing);
  const auto facts = gather_facts(team.ports, "shop", team.settings, deploy_of("v7"));
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code, Code::ArtifactMissing);
}

TEST(Facts, SayWhenAStoredPlanCannotBeRead) {
  Team team;
  ports::ReleaseRow row;
  row.app = team.app;
  row.plan = Json::object().set("steps", Json::array());
  const auto id = team.store.create_release(row)->id;
  const auto found = stored_release(team.ports, id);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::Corrupt);
  EXPECT_FALSE(stored_release(team.ports, "r-0099"));
}

}  // namespace
}  // namespace slipway::release

// What the daemon has seen, as the readiness of an environment needs it.
#include "daemon/sightings.h"

#include "tests/daemon/gates_fixture.h"

namespace slipway::daemon {
namespace {

class SightingsTest : public GatesFixture {
 protected:
  std::string release_to_end(const Json& wish) {
    const auto begun = ask("POST", "/v1/releases", wish);
    EXPECT_EQ(begun.status, 201) << begun.body.dump();
    return outcome_of(begun.body.text("release"));
  }
  plan::Sightings seen() {
    const auto answer = ask("GET", "/v1/sightings?app=shop&environment=production");
    EXPECT_EQ(answer.status, 200) << answer.body.dump();
    EXPECT_EQ(openapi_.misfits("Sightings", answer.body), "");
    return plan::sightings_from_json(answer.body);
  }
};

TEST_F(SightingsTest, OfNothingAreNothing) {
  const auto nothing = seen();
  EXPECT_TRUE(nothing.outcomes.empty());
  EXPECT_EQ(nothing.last_rollback_ms, 0);
  EXPECT_EQ(nothing.instances, 0);
  EXPECT_FALSE(nothing.certificate_s);
  EXPECT_EQ(ask("GET", "/v1/sightings?app=shop").status, 400);
}

TEST_F(SightingsTest, TellReleasesTheLastRollbackAndHowTheLiveOneIs) {
  ASSERT_EQ(release_to_end(request("")), "completed");
  ASSERT_EQ(release_to_end(request("", "v2")), "completed");
  EXPECT_EQ(seen().last_rollback_ms, 0);
  const auto back =
      Json::object().set("kind", "rollback").set("app", "shop").set("environment", "production");
  ASSERT_EQ(release_to_end(back), "completed");
  const auto now = seen();
  EXPECT_EQ(now.outcomes.size(), 3U);
  EXPECT_GT(now.last_rollback_ms, 0);
  EXPECT_LE(now.last_rollback_ms, now.now_ms);
  EXPECT_EQ(now.instances, 2);
  EXPECT_FALSE(now.probed) << "this service has no page that tells";
}

TEST(FirstExpiry, IsOfTheCertificateThatEndsFirst) {
  const auto edge = Json::parse(R"({"certificates":[{"expires_in_s":2000000},
      {"expires_in_s":-5},{"certificate":"/unreadable.pem"}]})");
  EXPECT_EQ(first_expiry(*edge), -5);
  EXPECT_FALSE(first_expiry(Json::object()));
}

}  // namespace
}  // namespace slipway::daemon

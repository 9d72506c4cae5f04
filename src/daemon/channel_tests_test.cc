// Test messages: they go through the outbox, say what became of them, and count as heard.
#include "daemon/channel_tests.h"

#include <map>
#include <mutex>

#include "plan/sightings.h"
#include "tests/daemon/daemon_kit.h"

namespace slipway::daemon {
namespace {

const std::string kChannels =
    "secrets: { HOOK: { env: HOOK } }\n"
    "channels:\n"
    "  team: { type: slack, secret: HOOK }\n"
    "  dead: { type: slack, secret: HOOK }\n";

class NotifierOf final : public ports::Notifier {
 public:
  explicit NotifierOf(std::string channel) : channel_(std::move(channel)) {}
  ports::Outcome send(const ports::Notice&) override {
    if (channel_ != "dead") return ports::Outcome::applied();
    return ports::Outcome::not_applied(Error(Code::Refused, "there is no such place"));
  }

 private:
  std::string channel_;
};

class ChannelTestsTest : public DaemonKit {
 protected:
  ChannelTestsTest() {
    start([](DaemonOptions& options) {
      options.channels =
          [](const config::Channel& channel) -> Result<std::unique_ptr<ports::Notifier>> {
        return std::unique_ptr<ports::Notifier>(std::make_unique<NotifierOf>(channel.name));
      };
    });
  }
  static constexpr const char* kPath = "/v1/environments/shop/production/channel-tests";
  Json body(const std::string& channel = "") {
    auto out = request(kChannels, "v1");
    return Json::object()
        .set("config", out.text("config"))
        .set("folder", out.text("folder"))
        .set("channel", channel);
  }
  // channel -> state, once each has been decided.
  std::map<std::string, std::string> states(const std::string& key) {
    std::map<std::string, std::string> out;
    EXPECT_TRUE(eventually([&] {
      out.clear();
      const auto listed = ask("GET", kPath);
      EXPECT_EQ(openapi_.misfits("ChannelTests", listed.body), "");
      for (const auto& test : listed.body.at("tests").items()) {
        if (test.text("key") != key) continue;
        for (const auto& one : test.at("deliveries").items())
          out[one.text("channel")] = one.text("state");
      }
      for (const auto& [channel, state] : out) {
        if (state == "waiting") return false;
      }
      return !out.empty();
    }));
    return out;
  }
  std::map<std::string, std::int64_t> heard() {
    const auto answer = ask("GET", "/v1/sightings?app=shop&environment=production");
    return plan::sightings_from_json(answer.body).channels;
  }
};

TEST_F(ChannelTestsTest, ReachEveryChannelBeforeTheFirstReleaseAndSayWhatBecameOfThem) {
  const auto begun = ask("POST", kPath, body());
  ASSERT_EQ(begun.status, 202) << begun.text;
  EXPECT_EQ(openapi_.misfits("ChannelTest", begun.body), "");
  EXPECT_EQ(states(begun.body.text("key")),
            (std::map<std::string, std::string>{{"dead", "dead"}, {"team", "sent"}}));
  EXPECT_EQ(heard().count("team"), 1U);
  EXPECT_EQ(heard().count("dead"), 0U) << "what was refused proves nothing";
}

TEST_F(ChannelTestsTest, ReachTheOneThatIsNamedAlone) {
  const auto begun = ask("POST", kPath, body("team"));
  EXPECT_EQ(states(begun.body.text("key")), (std::map<std::string, std::string>{{"team", "sent"}}));
}

TEST_F(ChannelTestsTest, OfAnotherEnvironmentAreNotThisOnesProof) {
  const auto begun = ask("POST", kPath, body("team"));
  states(begun.body.text("key"));
  const auto other = ask("GET", "/v1/sightings?app=shop&environment=staging");
  EXPECT_TRUE(plan::sightings_from_json(other.body).channels.empty());
}

TEST_F(ChannelTestsTest, AreRefusedForWhatIsNotThere) {
  const auto unknown = ask("POST", kPath, body("teem"));
  EXPECT_EQ(unknown.status, 400) << unknown.text;
  EXPECT_NE(unknown.text.find("did you mean 'team'?"), std::string::npos) << unknown.text;
  EXPECT_EQ(ask("POST", kPath, Json::object()).status, 404) << "nothing was released here";
  const auto elsewhere = ask("POST", "/v1/environments/other/production/channel-tests", body());
  EXPECT_EQ(elsewhere.status, 400) << elsewhere.text;
  EXPECT_EQ(ask("POST", kPath, body().set("folder", "here")).status, 400);
}

TEST(TestTelling, HasNothingToSayWithoutChannels) {
  config::Environment settings;
  settings.name = "production";
  const auto none = test_telling({"shop", "production"}, settings, "", "ada", 1);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().sentence().find("production has no channels"), std::string::npos);
}

}  // namespace
}  // namespace slipway::daemon

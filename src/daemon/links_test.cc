// Links in messages: who gets which, what they do, and every way in which one is refused.
#include "daemon/links.h"

#include <map>

#include "base/digest.h"
#include "base/text.h"
#include "store/sqlite_store.h"
#include "tests/daemon/daemon_kit.h"

namespace slipway::daemon {
namespace {

constexpr const char* kOutside = "https://slipway.example";
const std::string kChannels =
    "secrets: { HOOK: { env: HOOK } }\n"
    "channels:\n"
    "  team: { type: slack, secret: HOOK, role: approver }\n"
    "  ops: { type: slack, secret: HOOK, role: deployer }\n"
    "  world: { type: slack, secret: HOOK }\n"
    "notify: [ { to: [team, ops, world] } ]\n";
const std::string kKept = "rollout: { keep_old: 1h }\n" + kChannels;
// Held at its first share: there are never so many requests.
const std::string kUndecided =
    "rollout:\n  strategy: canary\n  steps: [10%, 100%]\n"
    "  judge: { period: 200ms, deadline: 400ms, least_requests: 1000000 }\n"
    "roll_back_when: [ error_rate > 5% ]\n" +
    kChannels;
const std::string kAsked = kKept + "approvals: { need: 2, from: [ada, \"channel team\"] }\n";

// Keeps what each channel is sent.
struct Sent {
  std::mutex mutex;
  std::map<std::string, std::vector<ports::Notice>> by_channel;
};

class Recorder final : public ports::Notifier {
 public:
  Recorder(Sent& sent, std::string channel) : sent_(sent), channel_(std::move(channel)) {}
  ports::Outcome send(const ports::Notice& notice) override {
    const std::lock_guard lock(sent_.mutex);
    sent_.by_channel[channel_].push_back(notice);
    return ports::Outcome::applied();
  }

 private:
  Sent& sent_;
  std::string channel_;
};

class LinksTest : public DaemonKit {
 protected:
  void begin_daemon(const std::string& outside = kOutside) {
    start([&](DaemonOptions& options) {
      options.external_url = outside;
      options.channels =
          [this](const config::Channel& channel) -> Result<std::unique_ptr<ports::Notifier>> {
        return std::unique_ptr<ports::Notifier>(std::make_unique<Recorder>(sent_, channel.name));
      };
    });
  }
  // The words of the links of a notice; empty until it has come.
  std::map<std::string, std::string> links(const std::string& channel, const std::string& kind) {
    std::map<std::string, std::string> out;
    eventually([&] {
      const std::lock_guard lock(sent_.mutex);
      for (const auto& notice : sent_.by_channel[channel]) {
        if (notice.kind != kind) continue;
        for (const auto& [word, url] : notice.links) out[word] = url;
        return true;
      }
      return false;
    });
    return out;
  }
  // What is told from here on is all there is.
  void forget(const std::string& release_id) {
    ASSERT_TRUE(eventually([&] {
      const auto full = release(release_id);
      for (const auto& notice : full.at("notices").items()) {
        for (const auto& one : notice.at("deliveries").items()) {
          if (one.text("state") != "sent") return false;
        }
      }
      return full.at("notices").size() > 0;
    }));
    const std::lock_guard lock(sent_.mutex);
    sent_.by_channel.clear();
  }
  static std::string path_of(const std::string& url) {
    return url.substr(std::string(kOutside).size());
  }
  Sent sent_;
};

TEST_F(LinksTest, AChannelGetsTheLinksOfItsRoleAndOnlyWithAnAddressOutside) {
  begin_daemon();
  deployed(kKept, "v1");
  EXPECT_EQ(links("team", "released").count("Roll back"), 1U);
  EXPECT_EQ(links("ops", "released").count("Roll back"), 1U);
  EXPECT_TRUE(links("world", "released").empty());
  EXPECT_TRUE(links("team", "started").empty());
  forget("r-0001");
  begin_daemon("");
  deployed(kKept, "v2");
  EXPECT_TRUE(links("team", "released").empty());
}

TEST_F(LinksTest, RollsBackWhatIsLiveOnceAndSaysByWhichChannel) {
  begin_daemon();
  deployed(kKept, "v1");
  forget("r-0001");
  deployed(kKept, "v2");
  const auto url = links("ops", "released").at("Roll back");
  EXPECT_TRUE(url.starts_with(std::string(kOutside) + "/v1/link?token=slwc_roll-back.r-0002.ops."));
  const auto path = path_of(url);
  const auto looked = ask("GET", path);
  EXPECT_EQ(looked.status, 200) << looked.text;
  EXPECT_EQ(openapi_.misfits("ActionLinkView", looked.body), "");
  EXPECT_EQ(live(), "r-0002") << "looking changes nothing";
  const auto used = ask("POST", path);
  EXPECT_EQ(used.status, 200) << used.text;
  EXPECT_EQ(openapi_.misfits("ActionDone", used.body), "");
  EXPECT_EQ(outcome_of("r-0003"), "completed");
  EXPECT_EQ(live(), "r-0001");
  EXPECT_EQ(release("r-0003").at("release").text("by"), "link sent to ops");
  const auto again = ask("POST", path);
  EXPECT_EQ(again.status, 409);
  EXPECT_NE(again.what().find("was used already"), std::string::npos) << again.what();
  EXPECT_EQ(ask("GET", path).status, 409);
  EXPECT_EQ(live(), "r-0001");
  // The link of another channel for the same: there is nothing left to roll back.
  const auto other = ask("POST", path_of(links("team", "released").at("Roll back")));
  EXPECT_NE(other.what().find("has no traffic"), std::string::npos) << other.what();
}

TEST_F(LinksTest, ABrowserGetsAPageWithAButtonThatLeaksNothing) {
  begin_daemon();
  deployed(kKept, "v1<b>");
  const auto path = path_of(links("team", "released").at("Roll back"));
  const auto page = ask("GET", path, {}, {}, {{"Accept", "text/html,*/*"}});
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.text.find("<form method=\"post\"><button"), std::string::npos) << page.text;
  EXPECT_EQ(page.text.find("v1<b>"), std::string::npos) << "escaped";
  EXPECT_NE(page.text.find("v1&lt;b&gt;"), std::string::npos);
  EXPECT_EQ(http::field_value(page.fields, "Referrer-Policy"), "no-referrer");
  EXPECT_EQ(http::field_value(page.fields, "Cache-Control"), "no-store");
  EXPECT_EQ(http::field_value(page.fields, "X-Frame-Options"), "DENY");
  const auto bad = ask("POST", path + "x", {}, {}, {{"Accept", "text/html"}});
  EXPECT_EQ(bad.status, 409);
  EXPECT_NE(bad.text.find("not one of this daemon"), std::string::npos) << bad.text;
}

TEST_F(LinksTest, PromotesAHeldReleaseByAnApproversChannelAlone) {
  begin_daemon();
  deployed(kKept, "v1");
  const auto canary = begin(kUndecided, "v2");
  const auto held = links("team", "held");
  ASSERT_EQ(held.count("Promote"), 1U);
  EXPECT_EQ(links("ops", "held").count("Promote"), 0U);
  const auto done = ask("POST", path_of(held.at("Promote")));
  EXPECT_EQ(done.status, 200) << done.text;
  bool recorded = false;
  const auto full = release(canary);  // outlives the loop over its members
  for (const auto& record : full.at("records").items()) {
    recorded = recorded || (record.text("event") == "promote" &&
                            record.text("detail").starts_with("link sent to team"));
  }
  EXPECT_TRUE(recorded);
}

TEST_F(LinksTest, TakesBackAReleaseThatRuns) {
  begin_daemon();
  deployed(kKept, "v1");
  const auto waiting = begin(kAsked, "v2");
  const auto done = ask("POST", path_of(links("ops", "approval").at("Roll back")));
  EXPECT_EQ(done.status, 200) << done.text;
  EXPECT_EQ(outcome_of(waiting), "aborted");
  const auto ended = ask("POST", path_of(links("team", "approval").at("Roll back")));
  EXPECT_NE(ended.what().find("has no traffic"), std::string::npos) << ended.what();
}

TEST_F(LinksTest, ApprovesAsOneVoiceHoweverOftenAndOnlyWhereTheChannelIsNamed) {
  begin_daemon();
  deployed(kKept, "v1");
  const auto waiting = begin(kAsked, "v2");
  EXPECT_EQ(links("ops", "approval").count("Approve"), 0U);
  const auto path = path_of(links("team", "approval").at("Approve"));
  const auto used = ask("POST", path);
  EXPECT_EQ(used.status, 200) << used.text;
  EXPECT_EQ(ask("POST", path).status, 409) << "replayed";
  const auto full = release(waiting);
  ASSERT_EQ(full.at("approvals").size(), 1U);
  EXPECT_EQ(full.at("approvals").items()[0].text("by"), "channel team");
  EXPECT_EQ(full.at("approvals").items()[0].text("via"), "link sent to team");
  EXPECT_EQ(full.at("release").text("outcome"), "") << "one of two is missing";
  const auto ada = token_of("ada", "approver");
  ask("POST", "/v1/releases/" + waiting + "/approve",
      Json::object().set("plan_hash", full.at("release").text("plan_hash")), ada);
  EXPECT_EQ(outcome_of(waiting), "completed");
}

const std::string kQuestions =
    kKept +
    "checklist:\n"
    "  - { name: support, ask: \"Support <knows>\" }\n"
    "  - { name: legal, ask: Legal knows, from: [ada, \"channel team\"] }\n";

TEST_F(LinksTest, ConfirmsAnItemForThoseWhoAreAskedOnceAndOnTheRecord) {
  begin_daemon();
  deployed(kKept, "v1");
  const auto waiting = begin(kQuestions, "v2");
  const auto support = links("ops", "approval");
  ASSERT_EQ(support.count("Confirm"), 1U) << "anybody may answer it";
  EXPECT_EQ(support.count("Approve"), 0U);
  EXPECT_EQ(links("world", "approval").size(), 0U) << "a channel without a role";
  const auto path = path_of(support.at("Confirm"));
  const auto looked = ask("GET", path);
  EXPECT_EQ(openapi_.misfits("ActionLinkView", looked.body), "");
  EXPECT_EQ(looked.body.text("item"), "support");
  const auto page = ask("GET", path, {}, {}, {{"Accept", "text/html"}});
  EXPECT_NE(page.text.find("Confirm 'support' of " + waiting), std::string::npos) << page.text;
  EXPECT_NE(page.text.find("Support &lt;knows&gt;"), std::string::npos) << page.text;
  EXPECT_EQ(release(waiting).at("confirmations").size(), 0U) << "looking changes nothing";
  EXPECT_EQ(links("team", "approval").count("Confirm"), 1U);
  {
    const std::lock_guard lock(sent_.mutex);
    sent_.by_channel.clear();  // all three have it; the next one is about the other item
  }
  EXPECT_EQ(ask("POST", path).status, 200);
  EXPECT_NE(ask("POST", path).what().find("was used already"), std::string::npos);
  const auto full = release(waiting);
  ASSERT_EQ(full.at("confirmations").size(), 1U);
  const auto& given = full.at("confirmations").items()[0];
  EXPECT_EQ(given.text("by"), "channel ops");
  EXPECT_EQ(given.text("via"), "link sent to ops");
  EXPECT_EQ(openapi_.misfits("Confirmation", given), "");
  const auto legal = links("team", "approval");
  ASSERT_EQ(legal.count("Confirm"), 1U);
  EXPECT_EQ(links("ops", "approval").count("Confirm"), 0U) << "it is not asked";
  EXPECT_EQ(ask("POST", path_of(legal.at("Confirm"))).status, 200);
  EXPECT_EQ(outcome_of(waiting), "completed");
}

TEST_F(LinksTest, TheSameNoticeHasTheSameLinksAlsoAfterARestart) {
  begin_daemon();
  deployed(kKept, "v1");
  const auto before = links("team", "released");
  start([&](DaemonOptions& options) { options.external_url = kOutside; });
  EXPECT_EQ(ask("GET", path_of(before.at("Roll back"))).status, 200);
}

// Links by hand, on a clock by hand: what no daemon would send, and what time does.
class HandMadeLinks : public LinksTest {
 protected:
  HandMadeLinks() { begin_daemon(); }
  // A link as the daemon would sign it, changed before or after it was signed.
  std::string made(const std::function<void(std::vector<std::string>&)>& change) {
    const auto url = links("team", "released").at("Roll back");
    const std::string token = url.substr(url.find("slwc_") + 5);
    std::vector<std::string> parts;
    for (const auto part : split(token, '.')) parts.emplace_back(part);
    parts.pop_back();
    change(parts);
    const std::string text = "slwc_" + join(parts, ".");
    return text + "." + signed_by_daemon(text);
  }
  std::string signed_by_daemon(const std::string& text) {
    daemon_.reset();
    auto store = store::open_store(folder_ + "/state/store.db");
    EXPECT_TRUE(store.has_value());
    const auto kept = (*store)->value("approval-key");
    std::string key;
    const std::string digits = (*kept)->text("key");
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
      key += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    store->reset();
    begin_daemon();
    return hmac_sha256_hex(key, text);
  }
  std::string why_refused(const std::string& token) {
    const auto answer = ask("POST", "/v1/link?token=" + token);
    EXPECT_EQ(answer.status, 409) << answer.text;
    return answer.what();
  }
};

TEST_F(HandMadeLinks, AreRefusedWhenExpiredForAnotherPlanForgedOrOfAChannelWithoutRole) {
  deployed(kKept, "v1");
  deployed(kKept, "v2");
  const auto expired = made([](auto& parts) { parts[4] = "1763721062000"; });
  EXPECT_NE(why_refused(expired).find("has expired"), std::string::npos);
  const auto other_plan = made([](auto& parts) { parts[3] = std::string(64, 'a'); });
  EXPECT_NE(why_refused(other_plan).find("is for the plan aaaaaaaaaaaa, and r-000"),
            std::string::npos)
      << why_refused(other_plan);
  const auto roleless = made([](auto& parts) { parts[2] = "world"; });
  EXPECT_NE(why_refused(roleless).find("role does not allow it"), std::string::npos);
  const auto above = made([](auto& parts) {
    parts[0] = "promote";
    parts[2] = "ops";
  });
  EXPECT_NE(why_refused(above).find("role does not allow it"), std::string::npos);
  const auto good = made([](auto&) {});
  EXPECT_EQ(ask("GET", "/v1/link?token=" + good).status, 200) << "the way it is made is right";
  EXPECT_NE(why_refused(good.substr(0, good.size() - 1) + "z").find("not one of this daemon"),
            std::string::npos);
  EXPECT_NE(why_refused("slwc_").find("not one of this daemon"), std::string::npos);
  EXPECT_EQ(live(), "r-0002") << "nothing was done";
}

}  // namespace
}  // namespace slipway::daemon

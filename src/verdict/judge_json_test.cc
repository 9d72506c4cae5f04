#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "verdict/judge_kit_test.h"

namespace slipway::verdict {
namespace {

Settings rich_settings() {
  auto settings =
      settings_of({error_rate(5), error_regression(2), latency_p95(2, true), orders(5)}, Guard::On);
  settings.strata = {"all", "/checkout"};
  settings.dispersion = 1.0 / 3;
  return settings;
}

// Ten minutes of a release that gets worse, with all that a tick can hold.
std::vector<Tick> rich_ticks() {
  std::mt19937 random(7);
  std::vector<Tick> ticks;
  for (int second = 1; second <= 600; ++second) {
    Tick tick;
    tick.at = Millis(second * 1'000 + static_cast<int>(random() % 500));
    tick.weight = second < 60 ? 0 : second < 300 ? 0.1 : 1.0 / 3;
    tick.step = second / 300;
    tick.young = second % 100 == 0;
    tick.old = second % 97 == 0 ? Old::Unhealthy : Old::Healthy;
    tick.strata.resize(2);
    for (auto& lot : tick.strata) {
      const auto canary = static_cast<std::uint64_t>(100 * tick.weight);
      lot.canary = {canary, canary * (random() % 100 < 10 ? 1 : 0),
                    latencies(canary, canary / 9, 90'000)};
      lot.baseline = {90, random() % 2, latencies(90, random() % 9, 90'000)};
      lot.canary.counters = {{canary, random() % 2}};
    }
    ticks.push_back(tick);
  }
  return ticks;
}

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

void expect_same(const Decision& a, const Decision& b) {
  EXPECT_EQ(a.answer, b.answer);
  EXPECT_EQ(a.reason, b.reason);
  EXPECT_EQ(a.quarantine, b.quarantine);
  EXPECT_EQ(a.after, b.after);
  EXPECT_EQ(a.rule, b.rule);
  EXPECT_EQ(a.stratum, b.stratum);
  EXPECT_EQ(a.numbers.canary, b.numbers.canary);
  EXPECT_EQ(a.numbers.canary_bad, b.numbers.canary_bad);
  EXPECT_EQ(a.numbers.baseline, b.numbers.baseline);
  EXPECT_EQ(a.numbers.baseline_bad, b.numbers.baseline_bad);
  EXPECT_TRUE(same_bits(a.numbers.weight, b.numbers.weight));
  EXPECT_TRUE(same_bits(a.numbers.log_limit, b.numbers.log_limit));
  EXPECT_TRUE(same_bits(a.numbers.log_blame, b.numbers.log_blame));
  EXPECT_TRUE(same_bits(a.numbers.log_threshold, b.numbers.log_threshold));
  EXPECT_TRUE(same_bits(a.numbers.log_proof, b.numbers.log_proof));
}

Json through_text(const Json& json) { return *Json::parse(json.dump()); }

TEST(JudgeJson, ReplaysAJournaledReleaseToTheSameVerdictToTheBit) {
  Judge judge(rich_settings());
  std::vector<Tick> journaled;
  for (const auto& tick : rich_ticks()) {
    const Decision live = judge.look(tick);
    journaled.push_back(*tick_from_json(through_text(to_json(tick))));
    if (live.answer == Answer::Fail) break;
  }
  EXPECT_LT(journaled.size(), 600U);  // the story ends in a Fail
  const auto settings = *settings_from_json(through_text(to_json(rich_settings())));
  const Decision again = replay(settings, journaled);
  expect_same(again, judge.last());
  expect_same(*decision_from_json(through_text(to_json(again))), judge.last());
}

TEST(JudgeJson, ReplaysEveryPrefix) {
  const auto ticks = rich_ticks();
  Judge judge(rich_settings());
  for (std::size_t i = 0; i < 100; ++i) {
    judge.look(ticks[i]);
    if (i % 10 == 0)
      expect_same(replay(rich_settings(), std::span(ticks).first(i + 1)), judge.last());
  }
}

TEST(JudgeJson, WritesATickInOneShortLine) {
  Tick tick;
  tick.at = Millis(5'400);
  tick.weight = 0.1;
  tick.strata[0] = {{10, 1, {{50'000, 9}}}, {90, 0}};
  EXPECT_EQ(to_json(tick).dump(),
            R"({"at":5400,"w":0.1,"step":0,"n":[[[10,1,[50000,9]],[90,0]]]})");
  tick.strata[0].canary.counters = {{7, 2}};
  tick.strata[0].canary.latency_us.clear();
  tick.old = Old::Absent;
  EXPECT_EQ(to_json(tick).dump(),
            R"({"at":5400,"w":0.1,"step":0,"old":"absent","n":[[[10,1,[],[7,2]],[90,0]]]})");
}

TEST(JudgeJson, WritesADecisionWithWhatItRestsOn) {
  Story story(settings_of({error_rate(5)}));
  const Json json = to_json(story.counts(10, 10, 90, 0));
  EXPECT_EQ(json.text("answer"), "fail");
  EXPECT_EQ(json.at("numbers").number("canary_bad"), 10);
  EXPECT_EQ(json.at("numbers").number("weight"), 0.1);
  EXPECT_NEAR(json.at("numbers").number("log_threshold"), std::log(1000), 1e-12);
}

TEST(JudgeJson, KeepsAWeightThatIsNoNumberWhatItIs) {
  Tick tick;
  tick.weight = std::nan("");
  const auto again = tick_from_json(through_text(to_json(tick)));
  ASSERT_TRUE(again);
  EXPECT_TRUE(std::isnan(again->weight));
  Judge judge(settings_of({error_rate(5)}));
  EXPECT_EQ(judge.look(*again).reason, Reason::Nonsense);
}

TEST(JudgeJson, RefusesWhatIsNotATickOrSettings) {
  for (const char* text :
       {"null", "{}", R"({"at":"1"})", R"({"at":1,"w":0.1,"n":[[[1,0]]]})",
        R"({"at":1,"w":0.1,"n":[[[1],[1,0]]]})", R"({"at":1,"w":0.1,"n":[[[-1,0],[1,0]]]})",
        R"({"at":1,"w":0.1,"n":[[[1,0,[1]],[1,0]]]})", R"({"at":1,"old":"gone","n":[]})"}) {
    EXPECT_FALSE(tick_from_json(*Json::parse(text))) << text;
  }
  const Json good = to_json(rich_settings());
  ASSERT_TRUE(settings_from_json(good));
  for (const auto& [key, value] : std::vector<Json::Member>{{"guard", "maybe"},
                                                            {"strata", Json::array()},
                                                            {"false_alarm", 0},
                                                            {"missed", 2},
                                                            {"block_ms", 0},
                                                            {"horizon_ms", 1}}) {
    Json bad = good;
    bad.set(key, value);
    EXPECT_FALSE(settings_from_json(bad)) << key;
  }
  EXPECT_FALSE(decision_from_json(*Json::parse(R"({"answer":"perhaps"})")));
}
}  // namespace
}  // namespace slipway::verdict

#include "verdict/sitting.h"

#include <gtest/gtest.h>

#include "verdict/judge_kit_test.h"
#include "verdict/replay.h"

namespace slipway::verdict {
namespace {

// A release that is looked at every 50 ms; what finished since the last kept tick adds up.
class Watched {
 public:
  explicit Watched(Settings settings, double weight = 0.1) : sitting_(std::move(settings)) {
    tick_.at = Millis(1);
    tick_.old = Old::Healthy;
    sitting_.keep(tick_);
    tick_.weight = weight;
    sitting_.keep(tick_);
  }
  Sitting& sitting() { return sitting_; }
  Tick& tick() { return tick_; }
  Decision look(std::uint64_t canary, std::uint64_t canary_bad, std::uint64_t old,
                std::uint64_t old_bad, Millis passed = Millis(50)) {
    tick_.at += passed;
    auto& lot = tick_.strata.front();
    lot.canary.requests += canary;
    lot.canary.errors += canary_bad;
    lot.baseline.requests += old;
    lot.baseline.errors += old_bad;
    const auto said = sitting_.look(tick_);
    if (said.kept) lot = {};
    return said.decision;
  }

 private:
  Sitting sitting_;
  Tick tick_;
};

Json entry_of(const Sitting& sitting, bool first) {
  Json ticks = Json::array();
  for (const auto& tick : sitting.log()) ticks.push_back(to_json(tick));
  Json entry = Json::object().set("step", "judge-10").set("decision", to_json(sitting.last()));
  if (first) entry.set("settings", to_json(sitting.settings()));
  return entry.set("ticks", std::move(ticks));
}

// As it comes back from the store.
Json written(const Json& json) { return Json::parse(json.dump()).value(); }

TEST(Sitting, DecidesBetweenTwoKeptTicks) {
  Watched watched(settings_of({error_rate(1)}));
  Decision said;
  int looks = 0;
  while (said.answer != Answer::Fail && looks < 100) said = (++looks, watched.look(1, 1, 9, 0));
  EXPECT_EQ(said.answer, Answer::Fail);
  EXPECT_LT(looks, 12) << "every look is a chance to decide";
  EXPECT_LE(watched.sitting().log().size(), 4U);
}

// Also where a tick has grown over many blocks: what passes meanwhile passes once, not at each
// look.
TEST(Sitting, SaysToTheBitWhatTheKeptTicksAndTheNewestOneSay) {
  auto settings = settings_of({error_rate(5), error_regression(2)}, Guard::On);
  settings.block = Millis(50);
  Watched watched(settings);
  std::mt19937 random(5);
  std::binomial_distribution<std::uint64_t> bad(5, 0.02);
  std::size_t kept = 0;
  Judge known(settings);
  int between = 0;
  for (int look = 0; look < 20'000; ++look) {
    const auto said = watched.look(5, bad(random), 45, 1);
    const auto& log = watched.sitting().log();
    if (kept == log.size()) {
      if (++between % 500 != 0) continue;
      Judge fresh(settings);
      fresh.become(known);
      ASSERT_EQ(to_json(fresh.look(watched.tick())).dump(), to_json(said).dump()) << look;
      continue;
    }
    while (kept < log.size()) known.look(log[kept++]);
    ASSERT_EQ(to_json(known.last()).dump(), to_json(said).dump()) << look;
  }
  EXPECT_GT(between, 10'000) << "most looks are at a tick that grows";
}

TEST(Sitting, SaysWhatAJudgeSaysThatWasToldEveryLook) {
  std::mt19937 random(11);
  for (const double share : {0.0, 0.02, 0.1, 0.5}) {
    Watched watched(settings_of({error_rate(5), error_regression(2)}, Guard::On));
    Story story(settings_of({error_rate(5), error_regression(2)}, Guard::On));
    std::binomial_distribution<std::uint64_t> bad(5, share);
    for (int look = 0; look < 1'000; ++look) {
      const auto now = bad(random);
      watched.look(5, now, 45, 0);
      story.counts(5, now, 45, 0, Millis(50));
    }
    EXPECT_EQ(watched.sitting().last().answer, story.judge().last().answer) << share;
  }
}

TEST(Sitting, TwoSecondsOfAFaultAreStillOneBlockToTheGuard) {
  Watched watched(settings_of({error_rate(5)}, Guard::On));
  for (int i = 0; i < 200; ++i) watched.look(5, 0, 45, 0);
  Decision said;
  for (int i = 0; i < 40; ++i) said = watched.look(5, 3, 45, 0);
  EXPECT_NE(said.answer, Answer::Fail);
  EXPECT_TRUE(said.quarantine);
}

TEST(Sitting, WhatIsKeptLeadsToTheSameDecisionsToTheLastDigit) {
  Watched watched(settings_of({error_rate(5), latency_p95(2, true)}, Guard::On));
  std::mt19937 random(3);
  std::vector<Json> entries;
  std::binomial_distribution<std::uint64_t> bad(7, 0.02);
  for (int look = 1; look <= 6'000; ++look) {
    watched.tick().strata.front().canary.latency_us = {{10'111, 3}, {65'535, 1}};
    watched.tick().strata.front().baseline.latency_us = {{10'111, 30}, {65'535, 2}};
    watched.look(7, bad(random), 63, look % 9 == 0 ? 1 : 0);
    if (look % 1'500 != 0) continue;
    watched.sitting().keep(watched.tick());
    watched.tick().strata.front() = {};
    entries.push_back(written(entry_of(watched.sitting(), entries.empty())));
    watched.sitting().forget_log();
  }
  const auto replayed = replay_entries(entries);
  ASSERT_TRUE(replayed);
  ASSERT_EQ(replayed->size(), 4U);
  for (const auto& one : *replayed)
    EXPECT_TRUE(one.equal) << one.kept.dump() << " " << one.again.dump();
}

TEST(Sitting, ACountThatWasChangedAfterwardsComesOutOtherwise) {
  Watched watched(settings_of({error_rate(1)}));
  for (int i = 0; i < 20; ++i) watched.look(1, 1, 9, 0);
  auto text = entry_of(watched.sitting(), true).dump();
  const auto at = text.find("\"n\":[[[", text.find("\"w\":0.1,\"step\":0,\"n\":[[[0,") + 20);
  ASSERT_NE(at, std::string::npos);
  text.insert(at + 7, "9");
  const std::vector<Json> entries{Json::parse(text).value()};
  const auto replayed = replay_entries(entries);
  ASSERT_TRUE(replayed);
  EXPECT_FALSE(replayed->front().equal);
}

TEST(Sitting, KeepsNothingOfLooksWithoutRequests) {
  Watched watched(settings_of({error_rate(1)}));
  const auto before = watched.sitting().log().size();
  for (int i = 0; i < 1'000; ++i) watched.look(0, 0, 0, 0);
  EXPECT_EQ(watched.sitting().log().size(), before);
}

std::size_t bytes_of_log(const Sitting& sitting) {
  std::size_t bytes = 0;
  for (const auto& tick : sitting.log()) bytes += to_json(tick).dump().size();
  return bytes;
}

// Two days of a release that is held: 64 KiB, then half as often, and so on.
TEST(Sitting, ItsLogGrowsWithTheLogarithmOfTheTime) {
  Watched watched(settings_of({error_rate(5), latency_p95(2, true)}, Guard::On));
  for (int look = 0; look < 2 * 24 * 3'600 / 5; ++look) {
    for (std::uint32_t bucket = 0; bucket < 30; ++bucket) {
      if (watched.tick().strata.front().canary.latency_us.size() >= 30) break;
      watched.tick().strata.front().canary.latency_us.emplace_back(10'000 + bucket * 1'000, 1);
    }
    watched.look(150, 0, 1'350, 0, Millis(5'000));
  }
  EXPECT_LT(bytes_of_log(watched.sitting()), 1'000'000U) << watched.sitting().log().size();
  EXPECT_GT(watched.sitting().log().size(), 200U);
}

TEST(Sitting, ItsLogIsBoundedWithTheLatenciesOfRoutesToo) {
  auto settings = settings_of({error_rate(5), latency_p95(2, true)}, Guard::On);
  settings.strata = {"all", "/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9"};
  Watched watched(settings);
  watched.tick().strata.resize(settings.strata.size());
  const auto five_seconds = [&] {
    for (std::size_t i = 1; i < settings.strata.size(); ++i) {
      for (auto* side : {&watched.tick().strata[i].canary, &watched.tick().strata[i].baseline}) {
        *side = {400, 0, {}};
        for (std::uint32_t bucket = 0; bucket < 40; ++bucket)
          side->latency_us.emplace_back(10'000 + bucket * 1'000, 10);
      }
    }
    watched.look(3'600, 0, 3'600, 0, Millis(5'000));
  };
  for (int look = 0; look < 3'600 / 5; ++look) five_seconds();
  EXPECT_LT(bytes_of_log(watched.sitting()), 600'000U) << "an hour";
  for (int look = 0; look < 47 * 3'600 / 5; ++look) five_seconds();
  EXPECT_LT(bytes_of_log(watched.sitting()), 1'500'000U) << "two days";
}

TEST(Sitting, DoesNotMixTheWarmUpWithWhatCounts) {
  auto settings = settings_of({latency_p95(100, false)});
  settings.warmup = Millis(7'000);
  Watched watched(settings);
  for (int i = 0; i < 600; ++i) {
    const bool cold = watched.tick().at + Millis(50) <= Millis(7'001);
    auto& buckets = watched.tick().strata.front().canary.latency_us;
    if (buckets.empty()) buckets = {{9'000U, 0}, {900'000U, 0}};
    buckets[cold ? 1 : 0].second += 5;
    watched.look(5, 0, 45, 0);
  }
  EXPECT_EQ(watched.sitting().last().answer, Answer::Pass) << watched.sitting().tell().evidence;
}
}  // namespace
}  // namespace slipway::verdict

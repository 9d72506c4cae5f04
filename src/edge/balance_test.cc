// Spreading as arithmetic: hashes, points, orders, and what a head says about its way.
#include "edge/balance.h"

#include <gtest/gtest.h>

#include <numeric>

#include "edge/checks.h"
#include "edge/cookies.h"
#include "edge/ejection.h"

namespace slipway::edge {
namespace {

TEST(KeyedHash, IsSipHash24) {
  // The first vectors of the reference implementation: key 00 01 … 0f, input 00 01 … .
  const HashKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::string input;
  EXPECT_EQ(keyed_hash(key, input), 0x726fdb47dd0e0e31U);
  for (char c = 0; c < 15; ++c) input += c;
  EXPECT_EQ(keyed_hash(key, input), 0xa129ca6149be45e5U);
}

TEST(ClientPoint, IsTheSameForTheSameClientAndAnotherForAnotherKey) {
  const HashKey key = hash_key_of("shop");
  int moved = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string value = "user" + std::to_string(i * 7919) + "x";
    EXPECT_EQ(client_point(key, value), client_point(key, value));
    EXPECT_LT(client_point(key, value), 10'000U);
    moved += client_point(key, value) == client_point(hash_key_of("blog"), value) ? 0 : 1;
  }
  EXPECT_GT(moved, 95);
}

TEST(ClientPoint, SpreadsCountedIdsEvenlyAndOtherValuesAtRandom) {
  for (const char* name : {"a", "b", "c"}) {
    const HashKey key = hash_key_of(name);
    for (const char* prefix : {"", "user-"}) {
      int below = 0;
      for (int i = 1; i <= 1000; ++i)
        below += client_point(key, prefix + std::to_string(i)) < 6'000 ? 1 : 0;
      EXPECT_NEAR(below, 600, 5) << name << prefix;
    }
    int below = 0;
    for (int i = 0; i < 10'000; ++i)
      below += client_point(key, std::to_string(i) + "-suffix") < 1'000 ? 1 : 0;
    EXPECT_NEAR(below, 1'000, 150) << name;
  }
}

struct Weighted {
  int weight;
};

TEST(PoolForClient, TheLastPoolGrowsFromPointZero) {
  const std::vector<Weighted> ten{{9'000}, {1'000}};
  const std::vector<Weighted> quarter{{7'500}, {2'500}};
  for (std::uint64_t point = 0; point < 10'000; ++point) {
    const bool in_ten = pool_for_client(ten, point) == &ten[1];
    EXPECT_EQ(in_ten, point < 1'000);
    if (in_ten) {
      EXPECT_EQ(pool_for_client(quarter, point), &quarter[1]);
    }
  }
}

TEST(SmoothOrder, GivesEachItsShareWithoutBursts) {
  EXPECT_EQ(smooth_order({5, 1, 1}), (std::vector<std::uint16_t>{0, 0, 1, 0, 2, 0, 0}));
  EXPECT_EQ(smooth_order({10, 10}), (std::vector<std::uint16_t>{0, 1}));
  const std::vector<std::uint16_t> reduced = smooth_order({1'000, 1'000, 999, 1'000, 1'000, 1});
  EXPECT_LE(reduced.size(), 4'096U);
  EXPECT_NE(std::count(reduced.begin(), reduced.end(), 5), 0) << "nobody is left out";
}

TEST(IsLighter, WeighsWhatIsInFlight) {
  EXPECT_TRUE(is_lighter({0, 1}, {1, 1}));
  EXPECT_FALSE(is_lighter({1, 1}, {1, 1}));
  EXPECT_TRUE(is_lighter({2, 4}, {1, 1})) << "three of four against two of one";
}

http::Headers headers_of(const std::string& bytes) {
  auto parsed = http::parse_request_head(bytes);
  EXPECT_EQ(parsed.parsed, http::Parsed::Complete);
  return parsed.head.headers;
}

TEST(Cookies, AreFoundByTheirWholeName) {
  const std::string head =
      "GET / HTTP/1.1\r\nHost: h\r\nCookie: xid=1; id=2 ;q=\"3\"\r\ncookie: last=4;;id=5\r\n\r\n";
  const http::Headers headers = headers_of(head);
  EXPECT_EQ(cookie_of(headers, "id"), "2");
  EXPECT_EQ(cookie_of(headers, "q"), "3");
  EXPECT_EQ(cookie_of(headers, "last"), "4");
  EXPECT_EQ(cookie_of(headers, "ID"), "");
}

class Ejections : public ::testing::Test {
 protected:
  Ejection rule_;
  std::vector<std::shared_ptr<TargetRuntime>> targets_;
  void SetUp() override {
    for (int i = 0; i < 4; ++i) targets_.push_back(std::make_shared<TargetRuntime>());
  }
  void refuse(std::size_t index, std::uint64_t now) {
    note_trouble(*targets_[index], Trouble::Connect, rule_, targets_, now);
  }
};

TEST_F(Ejections, GrowUntilATrialIsAnswered) {
  refuse(0, 1'000);
  EXPECT_FALSE(is_well(*targets_[0], 1'999));
  ASSERT_TRUE(is_well(*targets_[0], 2'000));
  EXPECT_TRUE(claim_trial(*targets_[0], rule_, 2'000));
  EXPECT_FALSE(claim_trial(*targets_[0], rule_, 2'000)) << "one trial at a time";
  EXPECT_FALSE(is_well(*targets_[0], 2'000));
  refuse(0, 2'100);
  EXPECT_FALSE(is_well(*targets_[0], 4'099));
  ASSERT_TRUE(claim_trial(*targets_[0], rule_, 4'100));
  note_answer(*targets_[0]);
  EXPECT_TRUE(is_well(*targets_[0], 4'101));
  refuse(0, 5'000);
  EXPECT_TRUE(is_well(*targets_[0], 6'000)) << "it begins anew";
  EXPECT_EQ(ejection_ms(rule_, 10), 30'000U);
}

TEST_F(Ejections, NeverTakeMoreThanTheirShareOfTheTargets) {
  refuse(0, 1'000);
  refuse(1, 1'000);
  refuse(2, 1'000);
  EXPECT_FALSE(is_well(*targets_[1], 1'001));
  EXPECT_TRUE(is_well(*targets_[2], 1'001));
}

TEST_F(Ejections, CountBadAnswersOnlyWhenToldAndOnlyInARow) {
  const auto bad = [&] { note_trouble(*targets_[0], Trouble::BadAnswer, rule_, targets_, 1'000); };
  for (int i = 0; i < 10; ++i) bad();
  EXPECT_TRUE(is_well(*targets_[0], 1'001));
  rule_.bad_answers = 3;
  note_answer(*targets_[0]);
  bad();
  bad();
  note_answer(*targets_[0]);
  bad();
  bad();
  EXPECT_TRUE(is_well(*targets_[0], 1'001));
  bad();
  EXPECT_FALSE(is_well(*targets_[0], 1'001));
}

TEST(RetryBudget, IsAShareOfTheRequestsAndAFewEachSecond) {
  RetryBudget budget;
  std::uint64_t now = 1'000;
  int spent = 0;
  while (budget.spend(now)) ++spent;
  EXPECT_EQ(spent, 3);
  for (int i = 0; i < 100; ++i) budget.earn(20);
  while (budget.spend(now)) ++spent;
  EXPECT_NEAR(spent, 3 + 20, 1);
  now += 1'000;
  spent = 0;
  while (budget.spend(now)) ++spent;
  EXPECT_NEAR(spent, 3, 1);
  now += 3'600'000;
  spent = 0;
  while (budget.spend(now)) ++spent;
  EXPECT_LE(spent, 10) << "an hour saves no storm";
  for (int i = 0; i < 100'000; ++i) budget.earn(100);
  spent = 0;
  while (budget.spend(now)) ++spent;
  EXPECT_EQ(spent, 100);
}

TEST(HealthCount, ChangesItsMindOnlyAfterSoManyInARow) {
  HealthChecks rule;
  rule.healthy = 2;
  rule.unhealthy = 3;
  HealthCount count;
  bool sick = false;
  const auto tell = [&](bool well) { return sick = count.take(well, sick, rule); };
  EXPECT_FALSE(tell(false));
  EXPECT_FALSE(tell(false));
  EXPECT_FALSE(tell(true)) << "begins again";
  EXPECT_FALSE(tell(false));
  EXPECT_FALSE(tell(false));
  EXPECT_TRUE(tell(false));
  EXPECT_TRUE(tell(true));
  EXPECT_TRUE(tell(false));
  EXPECT_TRUE(tell(true));
  EXPECT_FALSE(tell(true));
}

}  // namespace
}  // namespace slipway::edge

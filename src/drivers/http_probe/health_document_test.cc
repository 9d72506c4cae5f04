#include "drivers/http_probe/health_document.h"

#include <gtest/gtest.h>

namespace slipway::drivers::http_probe {
namespace {
TEST(HealthDocument, TextThatIsNoJsonSaysNothing) {
  for (const char* body : {"", "OK", "\"ok\"", "[1]", "{\"status\":"}) {
    const auto report = read_health(body);
    EXPECT_FALSE(report.understood) << body;
    EXPECT_TRUE(report.healthy) << body;
  }
}

TEST(HealthDocument, MembersThatAreNotAboutHealthSayNothing) {
  const auto report =
      read_health(R"({"version":"1.4.2","uptime":12,"debug":false,"memory":{"rss":1}})");
  EXPECT_FALSE(report.understood);
  EXPECT_TRUE(report.parts.empty());
}

struct Word {
  const char* word;
  bool healthy;
};
class HealthWords : public testing::TestWithParam<Word> {};
TEST_P(HealthWords, AreUnderstoodInAnyCase) {
  const auto report = read_health(std::string(R"({"status":")") + GetParam().word + "\"}");
  EXPECT_TRUE(report.understood);
  EXPECT_EQ(report.healthy, GetParam().healthy);
  EXPECT_EQ(report.why.empty(), GetParam().healthy);
}
INSTANTIATE_TEST_SUITE_P(Table, HealthWords,
                         testing::Values(Word{"up", true}, Word{"OK", true}, Word{"pass", true},
                                         Word{"Healthy", true}, Word{"degraded", true},
                                         Word{"down", false}, Word{"DOWN", false},
                                         Word{"fail", false}, Word{"error", false},
                                         Word{"Unhealthy", false},
                                         Word{"never heard of it", false}));

TEST(HealthDocument, BooleansCountAsStatus) {
  EXPECT_FALSE(read_health(R"({"healthy":false})").healthy);
  EXPECT_FALSE(read_health(R"({"ok":false})").healthy);
  EXPECT_TRUE(read_health(R"({"status":true})").healthy);
}

TEST(HealthDocument, NamesTheUnhealthyPartAndItsCause) {
  const auto report = read_health(
      R"({"status":"down","database":{"status":"down","error":"timeout after 2000 ms"},"redis":"up"})");
  EXPECT_FALSE(report.healthy);
  EXPECT_EQ(report.why, "database: timeout after 2000 ms");
  ASSERT_EQ(report.parts.size(), 2U);
  EXPECT_EQ(report.parts[0].name, "database");
  EXPECT_EQ(report.parts[0].status, "down");
  EXPECT_FALSE(report.parts[0].healthy);
  EXPECT_EQ(report.parts[1].name, "redis");
  EXPECT_TRUE(report.parts[1].healthy);
}

TEST(HealthDocument, TheTopLevelStatusDecidesOverAnOptionalPart) {
  const auto report = read_health(R"({"status":"ok","checks":{"mail":{"status":"down"}}})");
  EXPECT_TRUE(report.healthy) << "the app knows which of its parts it can do without";
  ASSERT_EQ(report.parts.size(), 1U);
  EXPECT_EQ(report.parts[0].name, "checks.mail");
  EXPECT_FALSE(report.parts[0].healthy);
}

TEST(HealthDocument, WithoutATopLevelStatusEveryPartMustBeHealthy) {
  EXPECT_FALSE(read_health(R"({"database":"up","redis":"down"})").healthy);
  EXPECT_TRUE(read_health(R"({"database":"up","redis":{"status":"ok"}})").healthy);
}

TEST(HealthDocument, ReadsChecksAsObjectsArraysAndBooleans) {
  const auto object =
      read_health(R"({"checks":{"db":true,"queue":false,"disk":{"status":"pass"}}})");
  EXPECT_FALSE(object.healthy);
  EXPECT_EQ(object.why, "checks.queue: false");
  EXPECT_EQ(object.parts.size(), 3U);
  const auto array =
      read_health(R"({"checks":[{"name":"db","status":"pass"},{"name":"s3","status":"fail"}]})");
  EXPECT_FALSE(array.healthy);
  EXPECT_EQ(array.parts[1].name, "checks.s3");
}

TEST(HealthDocument, ReadsTheIetfDraftsForm) {
  const auto report = read_health(
      R"({"status":"fail","checks":{"redis:connections":[{"componentId":"a","status":"fail","output":"refused"}]}})");
  EXPECT_FALSE(report.healthy);
  EXPECT_EQ(report.why, "checks.redis:connections.0: refused");
}

TEST(HealthDocument, ReadsNestedComponents) {
  const auto report = read_health(
      R"({"status":"DOWN","components":{"db":{"status":"DOWN","components":{"main":{"status":"UP"},"copy":{"status":"DOWN"}}}}})");
  ASSERT_EQ(report.parts.size(), 3U);
  EXPECT_EQ(report.parts[2].name, "components.db.copy");
}

TEST(HealthDocument, StopsAtALimitInAHugeDocument) {
  std::string body = "{\"checks\":{";
  for (int i = 0; i < 1000; ++i) body += (i ? ",\"c" : "\"c") + std::to_string(i) + "\":\"up\"";
  EXPECT_EQ(read_health(body + "}}").parts.size(), 64U);
}
}  // namespace
}  // namespace slipway::drivers::http_probe

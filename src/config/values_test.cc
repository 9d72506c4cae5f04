#include "config/values.h"

#include <gtest/gtest.h>

namespace slipway::config {
namespace {

TEST(Triggers, SayWhatIsMeasuredAndTheLimit) {
  const auto errors = parse_trigger("error_rate > 5%");
  ASSERT_TRUE(errors);
  EXPECT_EQ(errors->kind, Trigger::Kind::ErrorRate);
  EXPECT_DOUBLE_EQ(errors->limit, 5);
  EXPECT_EQ(errors->text, "error_rate > 5%");
  const auto slow = parse_trigger("latency_p999 > 1.5s");
  ASSERT_TRUE(slow);
  EXPECT_DOUBLE_EQ(slow->quantile, 0.999);
  EXPECT_DOUBLE_EQ(slow->limit, 1500);
  EXPECT_FALSE(slow->relative_to_baseline);
  const auto slower = parse_trigger("latency_p50>1.5x baseline");
  ASSERT_TRUE(slower);
  EXPECT_TRUE(slower->relative_to_baseline);
  EXPECT_DOUBLE_EQ(slower->limit, 1.5);
  ASSERT_TRUE(parse_trigger("health failing"));
  EXPECT_EQ(parse_trigger("health failing")->kind, Trigger::Kind::HealthFailing);
}

TEST(Triggers, ThatCannotBeMeasuredAreRefused) {
  for (const auto* text :
       {"", ">", "error_rate", "error_rate > 5", "error_rate > 500%", "error_rate < 5%",
        "latency > 5ms", "latency_p > 5ms", "latency_p0 > 5ms", "latency_p00 > 5ms",
        "latency_p-5 > 5ms", "latency_p95 > 0", "latency_p95 > 0.5x baseline", "latency_p95 > 2x",
        "health", "cpu > 5%"}) {
    EXPECT_FALSE(parse_trigger(text)) << text;
  }
}

TEST(Names, AreWhatFoldersAndHostsCanBeCalled) {
  EXPECT_TRUE(is_name("a"));
  EXPECT_TRUE(is_name("web-2"));
  for (const auto* text : {"", "2web", "-a", "a-", "Web", "a_b", "a.b", "é"})
    EXPECT_FALSE(is_name(text)) << text;
  EXPECT_FALSE(is_name(std::string(64, 'a')));
  EXPECT_TRUE(is_variable("_A1"));
  for (const auto* text : {"", "1A", "A-B", "A B"}) EXPECT_FALSE(is_variable(text)) << text;
}

bool fits(std::string_view path, std::string_view text) {
  return !complaint_about(key_named(path), text);
}

TEST(Hosts, AreNamesOrEverythingBelowAName) {
  for (const auto* text :
       {"a", "www.example.com", "*.example.com", "127.0.0.1", "xn--bcher-kva.example"}) {
    EXPECT_TRUE(fits("services.*.hosts", text)) << text;
  }
  for (const auto* text : {"", "*", "*.", "a..b", "a.*", "-a.b", "a_b", "a:80", "A.b", "a b"}) {
    EXPECT_FALSE(fits("services.*.hosts", text)) << text;
  }
}

TEST(Hosts, OfAProbeAreOneHost) {
  EXPECT_TRUE(fits("services.*.health.host", "a.example"));
  EXPECT_FALSE(fits("services.*.health.host", "*.a.example"));
}

TEST(Paths, BeginWithASlashAndStayBelowIt) {
  for (const auto* text : {"/", "/api", "/a/b/", "/%20"})
    EXPECT_TRUE(fits("services.*.paths", text)) << text;
  for (const auto* text : {"", "api", "/a b", "/a?b", "/a#b", "/../a", "/a/.", "/${version}"}) {
    EXPECT_FALSE(fits("services.*.paths", text)) << text;
  }
  EXPECT_TRUE(fits("smoke[].get", "/search?q=coffee"));
  EXPECT_EQ(path_prefix("/api//"), "/api");
  EXPECT_EQ(path_prefix("/"), "/");
}

TEST(Networks, AreAddressesWithAtMostTheirBits) {
  for (const auto* text :
       {"10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "::1", "2001:db8::/32", "::/128"}) {
    EXPECT_TRUE(fits("maintenance.allow", text)) << text;
  }
  for (const auto* text :
       {"", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "localhost"}) {
    EXPECT_FALSE(fits("maintenance.allow", text)) << text;
  }
}

TEST(Numbers, KeepTheirBounds) {
  EXPECT_TRUE(fits("services.*.instances", "1000"));
  EXPECT_FALSE(fits("services.*.instances", "1001"));
  EXPECT_FALSE(fits("services.*.instances", "99999999999999"));
  EXPECT_FALSE(fits("services.*.instances", "0x10"));
  EXPECT_FALSE(fits("services.*.limits.cpus", "nan"));
  EXPECT_FALSE(fits("services.*.limits.cpus", "inf"));
  EXPECT_FALSE(fits("services.*.limits.memory", "1KiB"));
  EXPECT_FALSE(fits("services.*.health.interval", "50ms"));
  EXPECT_TRUE(fits("services.*.health.interval", "100ms"));
  EXPECT_FALSE(fits("rollout.steps", "101%"));
}

}  // namespace
}  // namespace slipway::config

#include "edge/shield.h"

#include <gtest/gtest.h>

#include <thread>

#include "edge/gate.h"
#include "edge/guard.h"
#include "edge/pace.h"

namespace slipway::edge {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

Address at(const std::string& ip) {
  const bool v6 = ip.find(':') != std::string::npos;
  return parse_address(v6 ? "[" + ip + "]:1" : ip + ":1").value();
}

TEST(Shield, ReadsBackWhatItWrites) {
  Shield full;
  full.allow = {"10.0.0.0/8"};
  full.deny = {"10.1.0.0/16", "::1"};
  full.rate = {100, 60, 200};
  full.client_header = "X-Api-Key";
  full.concurrent = 7;
  full.concurrent_per_client = 3;
  full.routes = {{"/login", {"POST"}, {5, 60, 0}, 1, 2}, {}};
  full.max_request_body = 1;
  full.max_response_body = 2;
  full.buffer_requests = full.buffer_responses = true;
  full.buffer_memory = 3;
  full.min_upload_rate = 4;
  full.min_download_rate = 5;
  full.error_pages = "/pages";
  Shield again;
  const auto read = read_shield(Json::parse(to_json(full).dump()).value(), again);
  ASSERT_TRUE(read) << read.error().sentence();
  EXPECT_EQ(again, full);
  Shield none;
  ASSERT_TRUE(read_shield(Json::object(), none));
  EXPECT_EQ(none, Shield());
}

TEST(Shield, RefusesWhatItDoesNotUnderstand) {
  const auto refusal = [](const char* text) {
    Shield shield;
    if (auto read = read_shield(Json::parse(text).value(), shield); !read) return read.error().what;
    const auto checked = check_shield(shield);
    return checked ? std::string() : checked.error().what;
  };
  const auto names = [&](const char* text, const char* what) {
    const std::string said = refusal(text);
    EXPECT_NE(said.find(what), std::string::npos) << text << ": " << said;
  };
  names(R"({"limit":1})", "\"limit\"");
  names(R"({"rate":{"requests":-1}})", "\"requests\"");
  names(R"({"rate":{"per_s":0}})", "\"per_s\"");
  names(R"({"routes":{}})", "\"routes\"");
  names(R"({"routes":[{"path":"login"}]})", "login");
  names(R"({"routes":[{"methods":["GET /"]}]})", "GET /");
  names(R"({"access":{"deny":["10.0.0.0/33"]}})", "10.0.0.0/33");
  names(R"({"client_header":"a b"})", "a b");
  names(R"({"error_pages":"pages"})", "pages");
  EXPECT_EQ(refusal(R"({"routes":[{"path":"/login","methods":["POST"]}]})"), "");
}

TEST(Buckets, GiveABurstAndThenTheRate) {
  const BucketRule rule = BucketRule::of({10, 1, 5});
  std::uint64_t bucket = 0;
  std::uint64_t now = 100 * kSecond;
  for (int left = 4; left >= 0; --left) {
    const Verdict verdict = take_token(rule, now, bucket);
    EXPECT_TRUE(verdict.passes);
    EXPECT_EQ(verdict.remaining, left);
  }
  Verdict refused = take_token(rule, now, bucket);
  EXPECT_FALSE(refused.passes);
  EXPECT_EQ(refused.next_token_in_ns, kSecond / 10);
  EXPECT_EQ(refused.full_in_ns, kSecond / 2);
  now += kSecond / 10 - 1;
  EXPECT_FALSE(take_token(rule, now, bucket).passes);
  EXPECT_TRUE(take_token(rule, now + 1, bucket).passes);
  int passed = 0;
  for (std::uint64_t ms = 0; ms < 10'000; ++ms)
    passed += take_token(rule, now + ms * 1'000'000, bucket).passes ? 1 : 0;
  EXPECT_NEAR(passed, 100, 1) << "ten a second for ten seconds";
}

TEST(Buckets, ARefusedRequestCostsNothing) {
  const BucketRule rule = BucketRule::of({1, 10, 0});
  std::uint64_t bucket = 0;
  EXPECT_TRUE(take_token(rule, kSecond, bucket).passes);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(take_token(rule, kSecond, bucket).passes);
  EXPECT_TRUE(take_token(rule, 11 * kSecond, bucket).passes);
}

TEST(Buckets, AFloodOfAddressesNeitherGrowsNorFreesTheOneThatIsLimited) {
  Buckets buckets(64);
  const HashKey key{1, 2};
  const BucketRule rule = BucketRule::of({10, 1, 10});
  const auto name = [&](std::uint64_t n) {
    return keyed_hash(key, 7, {reinterpret_cast<const char*>(&n), sizeof n});
  };
  const std::size_t places = buckets.places();
  int passed = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    // Each address of the flood comes once; the greedy one comes with every tenth.
    EXPECT_TRUE(buckets.take(name(i + 1000), rule, kSecond).passes);
    if (i % 10 == 0) passed += buckets.take(name(1), rule, kSecond).passes ? 1 : 0;
  }
  EXPECT_EQ(buckets.places(), places);
  EXPECT_LE(passed, 12) << "the flood gave its tokens back";
}

TEST(Buckets, AreExactForManyThreadsAtOnce) {
  Buckets buckets(64);
  const BucketRule rule = BucketRule::of({1000, 1000, 1000});
  std::atomic<int> passed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) passed += buckets.take(5, rule, kSecond).passes ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 1000);
}

TEST(NameCounts, AreExactAndForgetWhoIsGone) {
  NameCounts counts;
  EXPECT_TRUE(counts.enter(1, 2));
  EXPECT_TRUE(counts.enter(1, 2));
  EXPECT_FALSE(counts.enter(1, 2));
  EXPECT_TRUE(counts.enter(2, 1));
  EXPECT_FALSE(counts.enter(3, 0));
  EXPECT_EQ(counts.names(), 2U);
  counts.leave(1);
  EXPECT_TRUE(counts.enter(1, 2));
  counts.leave(1);
  counts.leave(1);
  counts.leave(2);
  EXPECT_EQ(counts.names(), 0U);
}

TEST(Gate, KnowsAClientByItsAddressAndIpv6ByItsNetwork) {
  const Gate gate;
  EXPECT_EQ(gate.name_of(1, at("10.0.0.1")), gate.name_of(1, at("::ffff:10.0.0.1")));
  EXPECT_NE(gate.name_of(1, at("10.0.0.1")), gate.name_of(1, at("10.0.0.2")));
  EXPECT_NE(gate.name_of(1, at("10.0.0.1")), gate.name_of(2, at("10.0.0.1")));
  EXPECT_EQ(gate.name_of(1, at("2001:db8::1")), gate.name_of(1, at("2001:db8::ffff:2")));
  EXPECT_NE(gate.name_of(1, at("2001:db8::1")), gate.name_of(1, at("2001:db8:0:1::1")));
  EXPECT_NE(Gate().name_of(1, at("10.0.0.1")), gate.name_of(1, at("10.0.0.1")))
      << "every process has a key of its own";
}

TEST(SipHash, GivesThePublishedValues) {
  // Aumasson and Bernstein, "SipHash: a fast short-input PRF", appendix A.
  const HashKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  EXPECT_EQ(keyed_hash(key, 0x0706050403020100, "\x08\x09\x0a\x0b\x0c\x0d\x0e"),
            0xa129ca6149be45e5);
}

Service with(const Shield& shield) {
  Service service;
  service.app = "a";
  service.shield = shield;
  return service;
}

TEST(Guard, DenyIsStrongerAndAllowMeansOnlyThese) {
  ErrorPageShelf shelf;
  Shield shield;
  EXPECT_TRUE(Guard(with(shield), shelf).idle());
  shield.deny = {"10.1.0.0/16", "2001:db8::/32"};
  const Guard denying(with(shield), shelf);
  EXPECT_FALSE(denying.idle());
  EXPECT_TRUE(denying.admits(at("10.2.0.1")));
  EXPECT_FALSE(denying.admits(at("10.1.0.1")));
  EXPECT_FALSE(denying.admits(at("::ffff:10.1.0.1")));
  EXPECT_FALSE(denying.admits(at("2001:db8::5")));
  shield.allow = {"10.0.0.0/8"};
  const Guard both(with(shield), shelf);
  EXPECT_TRUE(both.admits(at("10.2.0.1")));
  EXPECT_FALSE(both.admits(at("10.1.0.1")));
  EXPECT_FALSE(both.admits(at("11.0.0.1")));
  EXPECT_FALSE(both.admits(at("::1")));
}

TEST(Guard, FindsTheLongestRouteWhateverItsSpelling) {
  ErrorPageShelf shelf;
  Shield shield;
  shield.routes = {{"/api", {}, {1, 1, 0}, 0, 0}, {"/api/login", {"POST"}, {1, 1, 0}, 0, 0}};
  const Guard guard(with(shield), shelf);
  const auto path = [&](const char* method, const char* target) {
    const LimitRule* rule = guard.route_rule(method, target);
    return rule == nullptr ? std::string("-") : rule->path;
  };
  EXPECT_EQ(guard.own_rule(), nullptr);
  EXPECT_EQ(path("POST", "/api/login"), "/api/login");
  EXPECT_EQ(path("POST", "/api/login/"), "/api/login");
  EXPECT_EQ(path("POST", "/api/%6Cogin"), "/api/login");
  EXPECT_EQ(path("POST", "//api/./x/../login"), "/api/login");
  EXPECT_EQ(path("GET", "/api/login"), "/api");
  EXPECT_EQ(path("POST", "/api/loginx"), "/api");
  EXPECT_EQ(path("GET", "/apix"), "-");
  EXPECT_EQ(path("GET", "/"), "-");
}

TEST(Guard, PathsAreReadAsAnAppReadsThem) {
  EXPECT_EQ(plain_path("/"), "/");
  EXPECT_EQ(plain_path("*"), "/*");
  EXPECT_EQ(plain_path("/a//b/"), "/a/b");
  EXPECT_EQ(plain_path("/../../a"), "/a");
  EXPECT_EQ(plain_path("/a%2Fb%2e%2E"), "/a/b..");
  EXPECT_EQ(plain_path("/a/%2e%2e/b"), "/b");
  EXPECT_EQ(plain_path("/%zz%4"), "/%zz%4");
}

TEST(Pace, EndsADripAndForgivesAPause) {
  Pace drip;
  EXPECT_EQ(drip.wait(0, 0, 100, 30'000), 30'000U);
  const std::uint64_t left = drip.wait(29'000, 1, 100, 30'000);
  EXPECT_EQ(left, 1'010U) << "a byte every 29 s: the second never comes in time";
  Pace good;
  good.wait(0, 0, 100, 30'000);
  for (std::uint64_t second = 1; second < 1000; ++second)
    EXPECT_EQ(good.wait(second * 1000, second * 100, 100, 30'000), 30'000U);
  EXPECT_EQ(good.wait(1'020'000, 100'000, 100, 30'000), 10'000U) << "twenty seconds of silence";
}

TEST(Pace, TimeThatTheTargetTakesIsNotTheClients) {
  Pace pace;
  pace.wait(0, 0, 100, 30'000);
  pace.rest(1'000);
  EXPECT_EQ(pace.wait(100'000, 0, 100, 30'000), 29'000U);
  EXPECT_EQ(Pace().wait(5, 0, 0, 30'000), 30'000U) << "no least rate";
}

}  // namespace
}  // namespace slipway::edge

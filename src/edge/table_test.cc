#include "edge/table.h"

#include <gtest/gtest.h>

#include "edge/address.h"
#include "edge/routes.h"

namespace slipway::edge {
namespace {

Service web(const std::string& app) {
  Service service;
  service.name = "web";
  service.app = app;
  service.environment = "prod";
  service.pools = {{"r1", kWholeWeight, {"127.0.0.1:3000"}}};
  return service;
}

Table table_of(std::vector<Service> services) {
  Table table;
  table.services = std::move(services);
  return table;
}

TEST(Table, ReadsBackWhatItWrites) {
  Service full = web("a");
  full.hosts = {"x.example.com", "*.y.example.com"};
  full.paths = {"/api", "/v2"};
  full.strip_prefix = false;
  full.tls.certificate = "/c.pem";
  full.tls.key = "/k.pem";
  full.tls.more = {{"/d.pem", "/d.key"}};
  full.tls.redirect = false;
  full.tls.hsts_s = 3600;
  full.state = ServiceState::Maintenance;
  full.message = "soon";
  full.page = "<h1>\n";
  full.allow = {"10.0.0.0/8", "::1"};
  full.timeouts.response = Millis(7);
  full.traffic.balance = Balance::TwoChoices;
  full.traffic.key = "pepper";
  full.traffic.split = {SplitRule::By::Client,
                        SplitRule::Key::Header,
                        "X-User",
                        SplitRule::Without::First,
                        {"1", "2"}};
  full.traffic.sticky = {"lb", 60};
  full.traffic.preview.token_sha256 = std::string(64, 'a');
  full.traffic.writer_affinity = Millis(5);
  full.traffic.ejection = {2, 3, Millis(4), Millis(5), 6};
  full.traffic.checks = {"/up", Millis(1'000), Millis(500), 4, 5};
  full.traffic.retry = {false, true, false, true, true, 7};
  full.traffic.mirror = {"r2", 8};
  full.traffic.assets = {"/assets/"};
  full.pools = {{"r1", 9'000, {"127.0.0.1:1", "[::1]:2"}}, {"r2", 1'000, {"127.0.0.1:3"}}};
  full.pools[0].read_targets = {"127.0.0.1:4"};
  full.pools[0].balance = Balance::LeastRequests;
  full.pools[0].weights = {3, 1};
  Table table = table_of({full, web("b")});
  table.generation = 7;
  table.epoch = 3;
  table.op = "r-0001/x/1";
  table.apps = {{"a", "prod", 6, 3, "r-0001/x/1"}};
  const auto again = table_from_json(Json::parse(to_json(table).dump()).value());
  ASSERT_TRUE(again) << again.error().sentence();
  EXPECT_EQ(*again, table);
}

TEST(Table, RefusesWhatItDoesNotUnderstandNamingTheMember) {
  const auto refusal = [](const std::string& text) {
    const auto read = table_from_json(Json::parse(text).value());
    return read ? std::string() : read.error().what;
  };
  const std::string head = R"({"format":1,"services":[{"name":"web","app":"a","environment":"p",)";
  EXPECT_NE(refusal(head + R"("wait":1}]})").find("\"wait\""), std::string::npos);
  EXPECT_NE(refusal(head + R"("state":"off"}]})").find("\"state\""), std::string::npos);
  EXPECT_NE(refusal(head + R"("hosts":[1]}]})").find("\"hosts\""), std::string::npos);
  EXPECT_NE(refusal(head + R"("drain_ms":-1}]})").find("\"drain_ms\""), std::string::npos);
  EXPECT_NE(refusal(head + R"("pools":[{"release":"r","weight":10001}]}]})").find("\"weight\""),
            std::string::npos);
  EXPECT_NE(refusal(R"({"format":2,"services":[]})").find("\"format\""), std::string::npos);
  EXPECT_NE(refusal(R"({"format":1})").find("\"services\""), std::string::npos);
  EXPECT_EQ(refusal(R"({"format":1,"services":[]})"), "");
}

TEST(Table, IsValidatedBeyondItsShape) {
  const auto code = [](const Service& service) {
    return validate(table_of({service})).error().code;
  };
  EXPECT_TRUE(validate(table_of({web("a")})));
  Service bad = web("a");
  bad.pools[0].weight = 5'000;
  EXPECT_EQ(code(bad), Code::Malformed);
  bad = web("a");
  bad.pools[0].targets = {"app.internal:80"};
  EXPECT_EQ(code(bad), Code::Malformed);
  bad = web("a");
  bad.paths = {"api"};
  EXPECT_EQ(code(bad), Code::Malformed);
  bad = web("a");
  bad.allow = {"10.0.0.0/33"};
  EXPECT_EQ(code(bad), Code::Malformed);
  bad = web("a/b");
  EXPECT_EQ(code(bad), Code::Malformed);
  EXPECT_EQ(validate(table_of({web("a"), web("b")})).error().code, Code::HostTaken);
}

TEST(Table, LetterCaseAndALastDotDoNotMakeAnotherHost) {
  Service dotted = web("a");
  dotted.hosts = {"X.example."};
  Service plain = web("b");
  plain.hosts = {"x.example"};
  EXPECT_EQ(validate(table_of({dotted, plain})).error().code, Code::HostTaken);
  plain.hosts = {"."};
  EXPECT_FALSE(validate(table_of({plain})));
}

TEST(Cidr, KnowsItsMembersInBothFamilies) {
  const auto contains = [](const char* range, const char* address) {
    return Cidr::parse(range).value().contains(parse_address(address).value());
  };
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1:1"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1:1"));
  EXPECT_TRUE(contains("10.1.2.3", "10.1.2.3:1"));
  EXPECT_FALSE(contains("10.1.2.3", "10.1.2.4:1"));
  EXPECT_TRUE(contains("10.0.0.0/8", "[::ffff:10.0.0.1]:1"));
  EXPECT_TRUE(contains("2001:db8::/33", "[2001:db8:7fff::1]:1"));
  EXPECT_FALSE(contains("2001:db8::/33", "[2001:db8:8000::1]:1"));
  EXPECT_TRUE(contains("0.0.0.0/0", "1.2.3.4:1"));
  EXPECT_FALSE(contains("0.0.0.0/0", "[2001:db8::1]:1"));
  EXPECT_FALSE(Cidr::parse("10.0.0/8"));
  EXPECT_FALSE(Cidr::parse("10.0.0.0/x"));
}

TEST(Routes, KeepCountersAndTargetsAcrossGenerations) {
  Registry registry(1);
  const Table table = table_of({web("a")});
  const Routes first(table, registry);
  const Routes second(table, registry);
  EXPECT_EQ(first.services()[0].runtime, second.services()[0].runtime);
  EXPECT_EQ(first.services()[0].pools[0].release, second.services()[0].pools[0].release);
  EXPECT_TRUE(second.has_target(first.services()[0].pools[0].targets[0].get()));
  Table moved = table;
  moved.services[0].pools[0].targets = {"127.0.0.1:3001"};
  const Routes third(moved, registry);
  EXPECT_FALSE(third.has_target(first.services()[0].pools[0].targets[0].get()));
  EXPECT_EQ(registry.releases().size(), 1U);
}

TEST(Routes, MatchHostsAndPrefixes) {
  Registry registry(1);
  Service any = web("any");
  Service own = web("own");
  own.hosts = {"*.Example.com"};
  own.paths = {"/a", "/a/b/"};
  const Routes routes(table_of({any, own}), registry);
  const auto app = [&](const char* host, const char* path) {
    const Match match = routes.match(host, path);
    return match.service == nullptr ? std::string("-")
                                    : match.service->config.app + std::to_string(match.prefix);
  };
  EXPECT_EQ(app("x.example.com:8080", "/a"), "own2");
  EXPECT_EQ(app("X.EXAMPLE.COM.", "/a/b/c"), "own4");
  EXPECT_EQ(app("x.example.com", "/ab"), "-");
  EXPECT_EQ(app("example.com", "/ab"), "any0");
  EXPECT_EQ(app("[::1]:80", "/"), "any0");
}

}  // namespace
}  // namespace slipway::edge

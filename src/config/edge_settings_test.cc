// services.NAME.edge: from the file to what the edge is told.
#include "config/edge_settings.h"

#include "config/load_test_kit.h"

namespace slipway::config {
namespace {

// A file whose service `web` has these lines below `edge`.
std::string with_edge(const std::string& lines) {
  std::string out = "app: shop\nservices:\n  web:\n    run: x\n    edge:\n";
  std::stringstream in(lines);
  for (std::string line; std::getline(in, line);) out += "      " + line + "\n";
  return out;
}

Json edge_of(const std::string& lines) {
  return environment_of(with_edge(lines)).services.front().edge;
}

TEST(EdgeBlock, BecomesTheMembersOfTheTableAndOnlyThose) {
  const Json edge = edge_of(
      "timeouts: { connect: 1500ms, tunnel_idle: 2h }\n"
      "tls: { certificate: a.pem, key: b.pem, hsts: 90d, more: [{ certificate: c, key: d }] }\n"
      "release_header: true");
  const auto expected = Json::parse(R"({
      "tls":{"certificate":"a.pem","key":"b.pem","hsts_s":7776000,
             "more":[{"certificate":"c","key":"d"}]},
      "timeouts":{"connect_ms":1500,"tunnel_idle_ms":7200000},"release_header":true})");
  EXPECT_EQ(edge, *expected) << edge.dump(2);
}

TEST(EdgeBlock, UnitsAndNamesBecomeThoseOfTheTable) {
  const Json edge = edge_of(
      "traffic:\n"
      "  balance: least-requests\n"
      "  retry: { on: [reset, 502], budget: 10% }\n"
      "  ejection: { max_share: 30%, first: 2s }\n"
      "shield:\n"
      "  max_request_body: 10MiB\n"
      "  rate: { requests: 5, per: 1500ms }\n"
      "  routes: [{ path: /login, methods: [POST], rate: { requests: 5, per: 1m } }]\n"
      "  access: { deny: [10.0.0.0/8] }");
  const auto expected = Json::parse(R"({
      "traffic":{"balance":"least_requests","retry":{"on":["reset","502"],"budget_percent":10},
                 "ejection":{"max_percent":30,"first_ms":2000}},
      "shield":{"max_request_body":10485760,"rate":{"requests":5,"per_s":2},
                "routes":[{"path":"/login","methods":["POST"],"rate":{"requests":5,"per_s":60}}],
                "access":{"deny":["10.0.0.0/8"]}}})");
  EXPECT_EQ(edge, *expected) << edge.dump(2);
}

TEST(EdgeBlock, IsNothingWhenItIsNotWritten) {
  EXPECT_TRUE(
      environment_of("app: shop\nservices: { web: { run: x } }").services[0].edge.is_null());
}

TEST(EdgeBlock, IsPartOfWhatIsReleased) {
  const auto plain = environment_of("app: shop\nservices: { web: { run: x } }");
  const auto with = environment_of(with_edge("max_pause: 5s"));
  EXPECT_NE(fingerprint(plain), fingerprint(with));
  const auto again = environment_from_json(to_json(with));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->services[0].edge, with.services[0].edge);
  EXPECT_EQ(fingerprint(*again), fingerprint(with));
}

TEST(EdgeBlock, AnEnvironmentChangesSingleKeys) {
  const auto text = with_edge("timeouts: { connect: 1s, response: 2s }") +
                    "environments:\n  production: { services: { web: { edge: { timeouts: { "
                    "response: 9s } } } } }\n";
  EXPECT_EQ(environment_of(text).services[0].edge.dump(),
            R"({"timeouts":{"connect_ms":1000,"response_ms":9000}})");
}

TEST(EdgeBlock, MistakesAreToldWhereTheyStand) {
  EXPECT_EQ(mistakes_of(with_edge("timeouts: { response: 30 }")),
            "6:29 'services.web.edge.timeouts.response' is '30', a duration without a unit | write "
            "'30s' for seconds; ms, m, h and d are units too");
  EXPECT_EQ(mistakes_of(with_edge("timeout: { response: 30s }")),
            "6:7 unknown key 'timeout' in services.web.edge | did you mean 'timeouts'? 'timeout' "
            "belongs in 'services.*.health'");
  EXPECT_EQ(mistakes_of(with_edge("release_header: yes please")),
            "6:23 'services.web.edge.release_header' is 'yes please', which is not true or false | "
            "write true or false");
  EXPECT_EQ(mistakes_of(with_edge("max_pause: 0s")),
            "6:18 'services.web.edge.max_pause' is 0s, less than the least allowed, 1ms | write "
            "1ms or more");
}

TEST(EdgeBlock, MistakesInGroupsAndListsAreToldToo) {
  EXPECT_EQ(mistakes_of(with_edge("traffic: { retry: { on: [connect, 500] } }")),
            "6:41 'services.web.edge.traffic.retry.on' is '500', which is not one of connect, "
            "reset, 502, 503, 504 | did you mean '502'?");
  EXPECT_EQ(mistakes_of(with_edge("shield: { routes: [{ rate: { request: 5 } }] }")),
            "6:36 unknown key 'request' in services.web.edge.shield.routes.rate | did you mean "
            "'requests'?");
  EXPECT_EQ(mistakes_of(with_edge("shield: { access: { allow: [10.0.0.0/33] } }")),
            "6:35 'services.web.edge.shield.access.allow' is '10.0.0.0/33', which is not an "
            "address or network such as 10.0.0.0/8 | the number after '/' is from 0 to 32");
}

TEST(EdgeBlock, ACertificateNeedsItsKey) {
  EXPECT_EQ(mistakes_of(with_edge("tls: { certificate: a.pem }")),
            "6:14 'services.web.edge.tls' has no 'key' | give both files, certificate and key");
  EXPECT_EQ(mistakes_of(with_edge("tls: { hsts: 1d }")),
            "6:12 'services.web.edge.tls' has no 'certificate' | give both files, certificate and "
            "key");
  EXPECT_EQ(mistakes_of(with_edge("tls: { certificate: a, key: b, more: [{ key: c }] }")),
            "6:47 'services.web.edge.tls.more' has no 'certificate' | give both files, certificate "
            "and key");
}

TEST(EdgeBlock, AWorkerIsNotReached) {
  EXPECT_NE(mistakes_of("app: a\nservices:\n  web: { run: x }\n  job:\n    run: x\n    port: none\n"
                        "    edge: { max_pause: 1s }\n")
                .find("7:5 service 'job' has 'edge', but no port"),
            std::string::npos);
}

TEST(EdgeBlock, FilesAreFoundFromTheFolderOfTheFile) {
  Json edge =
      edge_of("tls: { certificate: a.pem, key: /b.pem, more: [{ certificate: c, key: d }] }");
  anchor_edge_files(edge, [](const std::string& file) { return "@" + file; });
  EXPECT_EQ(edge.at("tls").text("certificate"), "@a.pem");
  EXPECT_EQ(edge.at("tls").text("key"), "@/b.pem");
  EXPECT_EQ(edge.at("tls").at("more").items()[0].text("key"), "@d");
  Json nothing;
  anchor_edge_files(nothing, [](const std::string& file) { return file; });
  EXPECT_TRUE(nothing.is_null());
}

TEST(EdgeBlock, ItsKeysAreNamedAsTheFileSpellsThem) {
  const auto keys =
      edge_keys_of(edge_of("timeouts: { connect: 1s }\ntls: { certificate: a, key: b, more: [{ "
                           "certificate: c, key: d }] "
                           "}"));
  EXPECT_EQ(keys, (std::vector<std::string>{"tls.certificate", "tls.key", "tls.more",
                                            "timeouts.connect"}));
}

TEST(EdgeBlock, ResolvedShowsWhatWasWrittenAndTheDefaultsBesideIt) {
  const auto result = load_text(with_edge("timeouts: { connect: 1s }"));
  std::string rows;
  for (const auto& row : result.resolved) {
    if (row.path.find(".edge") != std::string::npos)
      rows += row.path.substr(std::string("environments.production.services.web.").size()) + "=" +
              row.value + " " + row.origin + "\n";
  }
  EXPECT_NE(rows.find("edge.timeouts.connect=1s slipway.yaml:6:28\n"), std::string::npos) << rows;
  EXPECT_NE(rows.find("edge.timeouts.response=30s default\n"), std::string::npos) << rows;
  EXPECT_NE(rows.find("edge.tls= default\n"), std::string::npos) << rows;
  EXPECT_EQ(rows.find("edge.tls.redirect"), std::string::npos) << rows;
}

}  // namespace
}  // namespace slipway::config

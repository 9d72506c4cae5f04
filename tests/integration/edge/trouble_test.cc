// Targets in trouble: ejection, health checks, retries and their budget; and requests beside a
// user's own: mirrored copies, assets of another release. What is counted for whom.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

Json pool(const std::string& release, int weight, const std::vector<std::string>& targets) {
  Json json = Json::object();
  return json.set("release", release).set("weight", weight).set("targets", texts(targets));
}

App::Serve answers(const std::string& status) {
  return [status](int fd, const App::Request&) {
    return write_all(fd, "HTTP/1.1 " + status + " X\r\nContent-Length: 3\r\n\r\nbad");
  };
}

class Trouble : public ::testing::Test {
 protected:
  TempDir state_;
  Edge edge_{state_.path()};
  App stable_{"stable"};

  void put(const Json& pools, const Json& traffic, Json service = Json::object()) {
    service.set("name", "web").set("pools", pools).set("traffic", traffic);
    edge_.put("a", list_of({service}));
  }
  // The canary gets every other request.
  void put_canary(const App& canary, const Json& traffic) {
    put(list_of({pool("stable", 5'000, {stable_.address()}),
                 pool("canary", 5'000, {canary.address()})}),
        traffic);
  }
  Json stats(const std::string& release) {
    const Json all = edge_.call("GET", "/v1/stats");
    for (const Json& entry : all.at("services").items()) {
      if (entry.text("release") == release) return entry;
    }
    return {};
  }
  Json target(const std::string& address) {
    const Json all = edge_.call("GET", "/v1/targets");
    for (const Json& entry : all.at("targets").items()) {
      if (entry.text("address") == address) return entry;
    }
    return {};
  }
  int ask(int times, int wanted, const std::string& method = "GET",
          const std::string& fields = "") {
    int count = 0;
    for (int i = 0; i < times; ++i) {
      const std::string bytes = method + " / HTTP/1.1\r\nHost: any\r\n" + fields + "\r\n";
      count += request(edge_.port(), bytes, method).status == wanted ? 1 : 0;
    }
    return count;
  }
};

Json retry_on(const std::vector<std::string>& on, int budget_percent = 20) {
  Json retry = Json::object();
  retry.set("on", texts(on)).set("budget_percent", budget_percent);
  Json traffic = Json::object();
  return traffic.set("retry", retry);
}

TEST_F(Trouble, ABadAnswerOfTheCanaryIsAskedOfTheStableReleaseAndCountsAgainstTheCanary) {
  App canary(answers("503"));
  put_canary(canary, retry_on({"503"}, 100));
  EXPECT_EQ(ask(20, 200), 20);
  EXPECT_NEAR(canary.requests(), 10, 2);
  const Json of_canary = stats("canary");
  EXPECT_EQ(of_canary.integer("requests"), canary.requests());
  EXPECT_EQ(of_canary.integer("server_error"), canary.requests());
  EXPECT_EQ(of_canary.integer("errors"), canary.requests());
  EXPECT_EQ(stats("stable").integer("errors"), 0);
  EXPECT_EQ(stats("stable").integer("requests"), 20);
  EXPECT_EQ(ask(4, 503, "POST", "Content-Length: 0\r\n"), 2) << "a POST is never sent twice";
}

TEST_F(Trouble, WithoutTheRuleABadAnswerIsTheAnswer) {
  App canary(answers("503"));
  put_canary(canary, Json::object());
  EXPECT_EQ(ask(10, 503), 5);
  EXPECT_EQ(stats("canary").integer("errors"), 5);
}

TEST_F(Trouble, AnAnswerThatBreaksOffBeforeItBeginsIsRetriedOnlyWhenTold) {
  App canary([](int, const App::Request&) { return false; });
  put_canary(canary, Json::object());
  EXPECT_EQ(ask(10, 502), 5);
  put_canary(canary, retry_on({"connect", "reset"}, 100));
  EXPECT_EQ(ask(10, 200), 10);
  EXPECT_EQ(stats("canary").integer("errors"), 10);
  EXPECT_EQ(stats("canary").integer("upstream_failures"), 10);
}

TEST_F(Trouble, RetriesStayWithinTheirBudget) {
  App bad(answers("503"));
  App worse(answers("503"));
  put(list_of({pool("r1", 10'000, {bad.address(), worse.address()})}), retry_on({"503"}, 20));
  const auto begun = std::chrono::steady_clock::now();
  constexpr int kAsked = 200;
  EXPECT_EQ(ask(kAsked, 503), kAsked);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  const int retried = bad.requests() + worse.requests() - kAsked;
  EXPECT_GE(retried, kAsked / 5 - 2);
  // Each worker of the edge begins with three, and earns three a second.
  const double workers = static_cast<double>(edge_.call("GET", "/v1/edge").integer("workers"));
  EXPECT_LE(retried, kAsked / 5 + workers * 3 * (2 + took.count()));
}

TEST_F(Trouble, ATargetThatRefusesIsLeftAloneTriedAndTakenBack) {
  auto lame = std::make_unique<App>("lame");
  const int port = lame->port();
  const std::string address = lame->address();
  Json ejection = Json::object();
  ejection.set("first_ms", 200).set("most_ms", 400);
  Json traffic = Json::object();
  put(list_of({pool("r1", 10'000, {stable_.address(), address})}),
      traffic.set("ejection", ejection));
  lame->stop();
  EXPECT_EQ(ask(6, 200), 6) << "nobody notices";
  EXPECT_GT(target(address).integer("ejections"), 0);
  EXPECT_TRUE(eventually([&] { return target(address).integer("ejected_for_ms") > 0; }));
  EXPECT_EQ(target(stable_.address()).integer("ejections"), 0);
  EXPECT_TRUE(eventually([&] {
    ask(1, 200);
    return target(address).integer("ejections") > 1;
  })) << "the trial fails too";
  App back("back", port);
  EXPECT_TRUE(eventually([&] { return get(edge_.port(), "/").body == "back /"; }));
  EXPECT_EQ(target(address).integer("ejections"), 0);
}

TEST_F(Trouble, BadAnswersInARowLeaveATargetAlone) {
  App bad(answers("500"));
  Json ejection = Json::object();
  ejection.set("bad_answers", 3).set("first_ms", 60'000).set("most_ms", 60'000);
  Json traffic = Json::object();
  put(list_of({pool("r1", 10'000, {stable_.address(), bad.address()})}),
      traffic.set("ejection", ejection));
  EXPECT_EQ(ask(20, 500), 3);
  EXPECT_EQ(bad.requests(), 3);
}

TEST_F(Trouble, HealthChecksTakeASickTargetOutAndAHealthyOneBackIn) {
  std::atomic<bool> well{true};
  std::atomic<int> asked{0};
  std::atomic<int> served{0};
  App moody([&](int fd, const App::Request& request) {
    if (request.target != "/health?deep=1") {
      ++served;
      return write_all(fd, ok_response("moody"));
    }
    ++asked;
    EXPECT_NE(request.head.find("Host: shop.example"), std::string::npos);
    return well ? write_all(fd, ok_response("fine"))
                : write_all(fd, "HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n");
  });
  Json checks = Json::object();
  checks.set("path", "/health?deep=1").set("interval_ms", 100).set("timeout_ms", 2'000);
  checks.set("healthy", 2).set("unhealthy", 2);
  Json traffic = Json::object();
  Json service = Json::object();
  service.set("hosts", texts({"*.shop.example", "shop.example"}));
  put(list_of({pool("r1", 10'000, {stable_.address(), moody.address()})}),
      traffic.set("checks", checks), service);
  const auto healthy = [&] { return target(moody.address()).flag("healthy"); };
  EXPECT_TRUE(eventually([&] { return asked > 1; }));
  EXPECT_TRUE(healthy());
  well = false;
  EXPECT_TRUE(eventually([&] { return !healthy(); }));
  EXPECT_TRUE(eventually([&] { return edge_.call("GET", "/v1/edge").is_object(); }));
  const int before = served;
  for (int i = 0; i < 6; ++i) EXPECT_EQ(get(edge_.port(), "/", "shop.example").body, "stable /");
  EXPECT_EQ(served, before);
  well = true;
  EXPECT_TRUE(eventually([&] { return healthy(); }));
  EXPECT_TRUE(eventually([&] { return get(edge_.port(), "/", "shop.example").body == "moody"; }));
}

TEST_F(Trouble, AShareOfSafeRequestsIsMirroredAndItsAnswersAreThrownAway) {
  std::atomic<bool> marked{true};
  std::atomic<int> copies{0};
  App fresh([&](int fd, const App::Request& request) {
    marked = marked && request.head.find("X-Slipway-Mirror: 1") != std::string::npos;
    ++copies;
    write_all(fd, "HTTP/1.1 500 X\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbad");
    return false;
  });
  Json mirror = Json::object();
  mirror.set("release", "fresh").set("share", 5'000);
  Json traffic = Json::object();
  put(list_of({pool("stable", 10'000, {stable_.address()}), pool("fresh", 0, {fresh.address()})}),
      traffic.set("mirror", mirror));
  EXPECT_EQ(ask(40, 200), 40);
  EXPECT_EQ(ask(10, 200, "POST", "Content-Length: 0\r\n"), 10);
  EXPECT_TRUE(eventually([&] {
    return copies > 0 && stats("fresh").at("mirrored").integer("requests") == copies;
  })) << stats("fresh").dump();
  EXPECT_NEAR(copies, 20, 2);
  EXPECT_TRUE(marked);
  const Json counted = stats("fresh");
  EXPECT_EQ(counted.at("mirrored").integer("errors"), copies);
  EXPECT_EQ(counted.at("mirrored").integer("server_error"), copies);
  EXPECT_EQ(counted.integer("requests"), 0) << "no user was answered by it";
  EXPECT_EQ(stats("stable").integer("requests"), 50);
}

TEST_F(Trouble, AMirrorThatHangsDelaysNobody) {
  std::atomic<bool> over{false};
  App hanging([&](int, const App::Request&) {
    eventually([&] { return over.load(); });
    return false;
  });
  Json mirror = Json::object();
  mirror.set("share", 10'000);  // to the last release
  Json traffic = Json::object();
  put(list_of({pool("stable", 10'000, {stable_.address()}), pool("fresh", 0, {hanging.address()})}),
      traffic.set("mirror", mirror));
  EXPECT_EQ(ask(200, 200), 200);
  EXPECT_GT(hanging.requests(), 0);
  EXPECT_LE(hanging.requests(), 200);
  EXPECT_EQ(edge_.drains().size(), 0U) << "a copy is nothing to wait for";
  over = true;
}

TEST_F(Trouble, AssetsOfEitherReleaseAreFoundDuringTheOverlap) {
  const auto with = [](const std::string& file) {
    return [file](int fd, const App::Request& request) {
      const bool has = request.target == file || request.target == "/";
      return write_all(fd, has ? ok_response("found " + file)
                               : "HTTP/1.1 404 N\r\nContent-Length: 4\r\n\r\nnone");
    };
  };
  App old_app(with("/assets/old.js"));
  App new_app(with("/assets/new.js"));
  Json traffic = Json::object();
  put(list_of({pool("old", 0, {old_app.address()}), pool("new", 10'000, {new_app.address()})}),
      traffic.set("assets", texts({"/assets/"})));
  Connection connection(edge_.port());
  EXPECT_EQ(connection.get("/assets/new.js").body, "found /assets/new.js");
  EXPECT_EQ(connection.get("/assets/old.js").body, "found /assets/old.js");
  EXPECT_EQ(connection.get("/assets/none.js").status, 404);
  const int before = old_app.requests();
  EXPECT_EQ(connection.get("/other/old.js").status, 404);
  EXPECT_EQ(request(edge_.port(),
                    "POST /assets/old.js HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "POST")
                .status,
            404);
  EXPECT_EQ(old_app.requests(), before) << "only reads, only there";
  EXPECT_EQ(stats("old").integer("requests"), 0);
  EXPECT_EQ(stats("old").integer("bridged"), 2);
  EXPECT_EQ(stats("new").integer("client_error"), 4);
  old_app.stop();
  EXPECT_EQ(connection.get("/assets/old.js").status, 404) << "not 502";
  EXPECT_EQ(connection.get("/").body, "found /assets/new.js") << "the connection lives";
  EXPECT_EQ(stats("old").integer("errors"), 0);
}

TEST_F(Trouble, EachRequestIsAnErrorOnceWhateverWentWrong) {
  auto refusing = std::make_unique<App>("refusing");
  put(list_of({pool("r1", 10'000, {refusing->address()})}), Json::object());
  refusing->stop();
  EXPECT_EQ(ask(3, 502), 3);
  EXPECT_EQ(stats("r1").integer("errors"), 3);
  EXPECT_EQ(stats("r1").integer("requests"), 3);
  App cut([](int fd, const App::Request&) {
    write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    return false;
  });
  put(list_of({pool("r2", 10'000, {cut.address()})}), Json::object());
  EXPECT_EQ(ask(2, 200), 2);
  EXPECT_TRUE(eventually([&] { return stats("r2").integer("errors") == 2; }));
  EXPECT_EQ(stats("r2").integer("success"), 2) << "begun well, ended badly";
  put(list_of({pool("r3", 10'000, {stable_.address()})}), Json::object());
  EXPECT_EQ(ask(2, 200), 2);
  EXPECT_EQ(stats("r3").integer("errors"), 0);
}

}  // namespace
}  // namespace slipway::edge::test

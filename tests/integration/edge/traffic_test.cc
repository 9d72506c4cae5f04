// Which release and which target a request reaches: K25, K31, sticky clients, previews, balance.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/digest.h"
#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

Json pool(const std::string& release, int weight, const std::vector<std::string>& targets) {
  Json json = Json::object();
  return json.set("release", release).set("weight", weight).set("targets", texts(targets));
}

Json object(const std::string& key, Json value) {
  Json json = Json::object();
  return json.set(key, std::move(value));
}

std::string cookie_in(const Reply& reply, const std::string& name) {
  const std::size_t at = reply.head.find("Set-Cookie: " + name + "=");
  if (at == std::string::npos) return "";
  const std::size_t begin = at + std::string("Set-Cookie: ").size();
  return reply.head.substr(begin, reply.head.find_first_of(";\r", begin) - begin);
}

class Traffic : public ::testing::Test {
 protected:
  TempDir state_;
  Edge edge_{state_.path()};
  App old_{"old"};
  App new_{"new"};

  void put(const Json& pools, const Json& traffic) {
    Json json = Json::object();
    json.set("name", "web").set("pools", pools).set("traffic", traffic);
    edge_.put("a", list_of({json}));
  }
  void put_split(int to_new, const Json& split) {
    put(list_of({pool("old", 10'000 - to_new, {old_.address()}),
                 pool("new", to_new, {new_.address()})}),
        object("split", split));
  }
  std::string who(const std::string& fields = {}, const std::string& method = "GET") {
    const Reply reply =
        request(edge_.port(), method + " / HTTP/1.1\r\nHost: any\r\n" + fields + "\r\n", method);
    return reply.status == 200 ? reply.body.substr(0, reply.body.find(' '))
                               : std::to_string(reply.status);
  }
  int refused(const Json& pools, const Json& traffic) {
    Json json = Json::object();
    json.set("name", "web").set("pools", pools).set("traffic", traffic);
    Json body = Json::object();
    body.set("expected_version", 0).set("epoch", 1).set("services", list_of({json}));
    int status = 0;
    edge_.call("PUT", "/v1/apps/refused/test", body, &status);
    return status;
  }
};

Json by_cookie(const std::vector<std::string>& list = {}) {
  Json split = Json::object();
  split.set("by", "client").set("key", "cookie:rollout").set("without", "first");
  return split.set("list", texts(list));
}

TEST_F(Traffic, K25_TheRolloutCookieAndTheListDecideWhoGetsTheNewRelease) {
  put_split(0, by_cookie({"1"}));
  EXPECT_EQ(who("Cookie: rollout=1\r\n"), "new");
  EXPECT_EQ(who("Cookie: a=b; rollout=1; c=d\r\n"), "new");
  EXPECT_EQ(who("Cookie: rollout=2\r\n"), "old");
  EXPECT_EQ(who("Cookie: other=1\r\n"), "old");
  EXPECT_EQ(who(), "old") << "no cookie";
  put_split(0, by_cookie({"2"}));
  EXPECT_EQ(who("Cookie: rollout=1\r\n"), "old");
  EXPECT_EQ(who("Cookie: rollout=2\r\n"), "new");
  put_split(0, by_cookie());
  EXPECT_EQ(who("Cookie: rollout=2\r\n"), "old") << "stopped";
}

TEST_F(Traffic, K25_SharesOfAThousandCookiesAreMetAndNobodyLeavesAReleaseThatGrows) {
  const auto in_new = [&](int weight, const std::vector<std::string>& list) {
    put_split(weight, by_cookie(list));
    std::set<int> members;
    Connection connection(edge_.port());
    for (int i = 0; i < 1000; ++i) {
      const std::string cookie = "Cookie: rollout=" + std::to_string(i) + "\r\n";
      if (connection.get("/", "Host: any\r\n" + cookie).body == "new /") members.insert(i);
    }
    return members;
  };
  const std::set<int> ten = in_new(1'000, {"listed"});
  const std::set<int> quarter = in_new(2'500, {});
  const std::set<int> sixty = in_new(6'000, {});
  EXPECT_NEAR(static_cast<double>(ten.size()), 100, 20);
  EXPECT_NEAR(static_cast<double>(quarter.size()), 250, 20);
  EXPECT_NEAR(static_cast<double>(sixty.size()), 600, 20);
  EXPECT_TRUE(std::includes(quarter.begin(), quarter.end(), ten.begin(), ten.end()));
  EXPECT_TRUE(std::includes(sixty.begin(), sixty.end(), quarter.begin(), quarter.end()));
  EXPECT_EQ(who("Cookie: rollout=listed\r\n"), "new");
}

TEST_F(Traffic, AClientWithoutANameGetsACookieAndStaysInItsRelease) {
  put_split(5'000, object("by", "client"));
  std::set<std::string> seen;
  for (int i = 0; i < 40; ++i) {
    const Reply first = get(edge_.port(), "/");
    const std::string cookie = cookie_in(first, "slipway_client");
    ASSERT_NE(cookie, "");
    EXPECT_TRUE(first.has("; HttpOnly; SameSite=Lax"));
    EXPECT_FALSE(first.has("; Secure"));
    seen.insert(first.body);
    for (int n = 0; n < 3; ++n) {
      const Reply again = get(edge_.port(), "/", "any", "Cookie: " + cookie + "\r\n");
      EXPECT_EQ(again.body, first.body);
      EXPECT_FALSE(again.has("Set-Cookie"));
    }
  }
  EXPECT_EQ(seen.size(), 2U);
}

TEST_F(Traffic, AHeaderOrTheAddressCanNameTheClient) {
  Json split = Json::object();
  split.set("by", "client").set("key", "header:X-User").set("without", "first");
  put_split(5'000, split);
  std::set<std::string> seen;
  for (int i = 0; i < 40; ++i) {
    const std::string user = "X-User: user-" + std::to_string(i) + "\r\n";
    const std::string first = who(user);
    EXPECT_EQ(who(user), first);
    seen.insert(first);
  }
  EXPECT_EQ(seen.size(), 2U);
  split.set("key", "address");
  put_split(5'000, split);
  const std::string mine = who();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(who(), mine);
}

TEST_F(Traffic, K31_ReadsGoToTheReaderAndWritesToTheWriter) {
  App reader("reader");
  Json pools = pool("r1", 10'000, {old_.address()});
  put(list_of({pools.set("read_targets", texts({reader.address()}))}), Json::object());
  EXPECT_EQ(who(), "reader");
  EXPECT_EQ(who({}, "HEAD"), "") << "no body to tell by";
  EXPECT_EQ(reader.requests(), 2);
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"})
    EXPECT_EQ(who("Content-Length: 0\r\n", method), "old") << method;
  EXPECT_EQ(who("Connection: Upgrade\r\nUpgrade: websocket\r\n"), "old");
  const Reply write =
      request(edge_.port(), "POST / HTTP/1.1\r\nHost: any\r\nContent-Length: 0\r\n\r\n", "POST");
  const std::string cookie = cookie_in(write, "slipway_writer");
  ASSERT_NE(cookie, "");
  EXPECT_TRUE(write.has("Max-Age=4"));
  EXPECT_EQ(who("Cookie: " + cookie + "\r\n"), "old") << "it reads what it wrote";
  EXPECT_EQ(who("Cookie: slipway_writer=1\r\n"), "reader") << "long ago";
  EXPECT_EQ(who("Cookie: slipway_writer=99999999999999\r\n"), "reader") << "not of the edge";
  EXPECT_EQ(cookie_in(get(edge_.port(), "/"), "slipway_writer"), "");
}

TEST_F(Traffic, K31_NoAffinityWhenTheAnswerSaysSoOrThereIsNoReaderOrNoTime) {
  App frank([](int fd, const App::Request&) {
    return write_all(fd,
                     "HTTP/1.1 200 OK\r\nX-Writer-Affinity: false\r\nContent-Length: 0\r\n\r\n");
  });
  App reader("reader");
  const std::string post = "POST / HTTP/1.1\r\nHost: any\r\nContent-Length: 0\r\n\r\n";
  Json with_reader = pool("r1", 10'000, {frank.address()});
  with_reader.set("read_targets", texts({reader.address()}));
  put(list_of({with_reader}), Json::object());
  const Reply opted_out = request(edge_.port(), post, "POST");
  EXPECT_EQ(opted_out.status, 200);
  EXPECT_FALSE(opted_out.has("Set-Cookie"));
  EXPECT_FALSE(opted_out.has("X-Writer-Affinity"));
  put(list_of({pool("r1", 10'000, {old_.address()})}), Json::object());
  EXPECT_FALSE(request(edge_.port(), post, "POST").has("Set-Cookie"));
  with_reader.set("targets", texts({old_.address()}));
  put(list_of({with_reader}), object("writer_affinity_ms", 0));
  EXPECT_FALSE(request(edge_.port(), post, "POST").has("Set-Cookie"));
  EXPECT_EQ(who(), "reader");
}

TEST_F(Traffic, ReadersThatAreGoneLeaveTheirReadsToTheWriter) {
  auto reader = std::make_unique<App>("reader");
  Json pools = pool("r1", 10'000, {old_.address()});
  put(list_of({pools.set("read_targets", texts({reader->address()}))}), Json::object());
  EXPECT_EQ(who(), "reader");
  reader->stop();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(who(), "old");
}

TEST_F(Traffic, AStickyClientKeepsItsTargetUntilThatIsGone) {
  App other("other");
  const Json sticky = object("sticky", object("cookie", "lb"));
  put(list_of({pool("r1", 10'000, {old_.address(), other.address()})}), sticky);
  std::map<std::string, std::string> cookie_of_target;
  for (int i = 0; i < 8; ++i) {
    const Reply first = get(edge_.port(), "/");
    const std::string cookie = cookie_in(first, "lb");
    ASSERT_NE(cookie, "");
    EXPECT_EQ(cookie.find(std::to_string(old_.port())), std::string::npos) << "opaque";
    for (int n = 0; n < 3; ++n) EXPECT_EQ(who("Cookie: " + cookie + "\r\n") + " /", first.body);
    cookie_of_target[first.body] = cookie;
  }
  ASSERT_EQ(cookie_of_target.size(), 2U);
  const std::string of_other = "Cookie: " + cookie_of_target["other /"] + "\r\n";
  put(list_of({pool("r1", 10'000, {old_.address()})}), sticky);
  const Reply moved = get(edge_.port(), "/", "any", of_other);
  EXPECT_EQ(moved.body, "old /");
  EXPECT_EQ(cookie_in(moved, "lb").substr(0, 20), cookie_of_target["other /"].substr(0, 20))
      << "the same client";
  EXPECT_NE(cookie_in(moved, "lb"), cookie_of_target["other /"]);
}

TEST_F(Traffic, StickyClientsMoveToANewReleaseWithItsWeight) {
  const Json sticky = object("sticky", object("cookie", "lb"));
  const auto put_weight = [&](int to_new) {
    put(list_of({pool("old", 10'000 - to_new, {old_.address()}),
                 pool("new", to_new, {new_.address()})}),
        sticky);
  };
  put_weight(0);
  std::vector<std::string> cookies;
  for (int i = 0; i < 200; ++i) {
    const std::string pair = cookie_in(get(edge_.port(), "/"), "lb");
    cookies.push_back("Cookie: " + pair + "\r\n");
  }
  std::set<std::size_t> before;
  for (int weight : {3'000, 6'000, 10'000}) {
    put_weight(weight);
    std::set<std::size_t> now;
    for (std::size_t i = 0; i < cookies.size(); ++i) {
      if (who(cookies[i]) == "new") now.insert(i);
    }
    EXPECT_NEAR(static_cast<double>(now.size()), weight / 50.0, 35);
    EXPECT_TRUE(std::includes(now.begin(), now.end(), before.begin(), before.end()));
    before = now;
  }
}

TEST_F(Traffic, ATokenOpensAReleaseWithoutWeightAndIsNotPassedOn) {
  std::string seen;
  App hidden([&seen](int fd, const App::Request& request) {
    seen = request.head;
    return write_all(fd, ok_response("hidden"));
  });
  const Json traffic = object("preview", object("token_sha256", sha256_hex("secret")));
  put(list_of({pool("old", 10'000, {old_.address()}), pool("new", 0, {hidden.address()})}),
      traffic);
  const auto ask = [&](const std::string& release, const std::string& token) {
    return get(edge_.port(), "/", "any",
               "X-Slipway-Release: " + release + "\r\nx-slipway-token: " + token + "\r\n");
  };
  const Reply preview = ask("new", "secret");
  EXPECT_EQ(preview.body, "hidden");
  EXPECT_TRUE(preview.has("X-Slipway-Release: new"));
  EXPECT_EQ(seen.find("lipway-"), std::string::npos) << seen;
  EXPECT_EQ(ask("new", "guess").body, "old /");
  EXPECT_EQ(ask("none", "secret").status, 404) << "never another release than the one asked for";
  EXPECT_EQ(get(edge_.port(), "/", "any", "X-Slipway-Release: new\r\n").body, "old /");
  hidden.stop();
  EXPECT_EQ(ask("new", "secret").status, 502);
  const Json stats = edge_.call("GET", "/v1/stats");
  for (const Json& entry : stats.at("services").items()) {
    if (entry.text("release") != "new") continue;
    EXPECT_EQ(entry.integer("requests"), 0);
    EXPECT_EQ(entry.integer("errors"), 0);
    EXPECT_EQ(entry.at("previewed").integer("requests"), 2);
    EXPECT_EQ(entry.at("previewed").integer("errors"), 1);
  }
}

TEST_F(Traffic, WeightsOfTargetsAreMetExactlyAndSmoothly) {
  Json pools = pool("r1", 10'000, {old_.address(), new_.address()});
  Json weights = Json::array();
  weights.push_back(4);
  weights.push_back(1);
  put(list_of({pools.set("weights", weights)}), Json::object());
  int to_new = 0;
  for (int i = 0; i < 50; ++i) to_new += who() == "new" ? 1 : 0;
  EXPECT_EQ(to_new, 10);
}

TEST_F(Traffic, TheLeastBusyTargetAnswersWhenAskedSo) {
  std::atomic<bool> hold{true};
  std::atomic<int> waiting{0};
  App slow([&](int fd, const App::Request&) {
    ++waiting;
    eventually([&] { return !hold; });
    return write_all(fd, ok_response("slow x"));
  });
  for (const char* balance : {"least_requests", "two_choices"}) {
    hold = true;
    waiting = 0;
    put(list_of({pool("r1", 10'000, {slow.address(), old_.address()})}),
        object("balance", balance));
    std::vector<std::unique_ptr<Connection>> stuck;
    for (int i = 0; i < 20 && waiting == 0; ++i) {
      stuck.push_back(std::make_unique<Connection>(edge_.port()));
      stuck.back()->send("GET / HTTP/1.1\r\nHost: any\r\n\r\n");
      eventually([&, before = old_.requests()] { return waiting > 0 || old_.requests() > before; });
    }
    ASSERT_EQ(waiting, 1) << balance;
    for (int i = 0; i < 10; ++i) EXPECT_EQ(who(), "old") << balance;
    hold = false;
    for (const auto& connection : stuck) EXPECT_EQ(connection->read().status, 200);
  }
}

TEST_F(Traffic, RefusesRulesThatCannotBeKept) {
  const Json one = list_of({pool("r1", 10'000, {old_.address()})});
  EXPECT_EQ(refused(one, object("balance", "fastest")), 422);
  EXPECT_EQ(refused(one, object("split", object("by", "mood"))), 422);
  EXPECT_EQ(refused(one, object("split", object("key", "cookie:x"))), 422);
  EXPECT_EQ(refused(one, object("preview", object("token_sha256", "secret"))), 422);
  EXPECT_EQ(refused(one, object("sticky", object("cookie", "a b"))), 422);
  EXPECT_EQ(refused(one, object("assets", texts({"x"}))), 422);
  EXPECT_EQ(refused(one, object("retry", object("on", texts({"500"})))), 422);
  EXPECT_EQ(refused(one, object("checks", object("path", "up"))), 422);
  Json mirror = Json::object();
  mirror.set("release", "r2").set("share", 100);
  EXPECT_EQ(refused(one, object("mirror", mirror)), 422);
  Json weights = Json::array();
  weights.push_back(1);
  weights.push_back(2);
  EXPECT_EQ(refused(list_of({pool("r1", 10'000, {old_.address()}).set("weights", weights)}),
                    Json::object()),
            422);
  Json readers = pool("r1", 10'000, {old_.address()});
  readers.set("read_targets", texts({new_.address()}));
  EXPECT_EQ(refused(list_of({readers}), object("sticky", object("cookie", "lb"))), 422);
}

}  // namespace
}  // namespace slipway::edge::test

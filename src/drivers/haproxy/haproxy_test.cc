// The parts of this room that need no HAProxy; with a real one: tests/contract and
// tests/integration/routers.
#include <gtest/gtest.h>

#include "drivers/haproxy/master.h"
#include "drivers/haproxy/render.h"
#include "drivers/haproxy/runtime.h"
#include "drivers/haproxy/weights.h"

namespace slipway::drivers::haproxy {
namespace {

std::vector<std::string> addresses(int count, int from) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.push_back("127.0.0.1:" + std::to_string(from + i));
  return out;
}

ports::Split shop(double percent, int old_servers = 1, int new_servers = 1) {
  ports::Split split;
  split.shares = {{"web", "r-0001", 100 - percent, addresses(old_servers, 100)},
                  {"web", "r-0002", percent, addresses(new_servers, 200)}};
  ports::Front front;
  front.service = "web";
  front.route.hosts = {"shop.test"};
  split.fronts = {front};
  return split;
}

double share_of(const std::vector<Server>& servers, const std::string& release) {
  double all = 0;
  double mine = 0;
  for (const auto& server : servers) {
    all += server.weight;
    if (release_in(server.name) == release) mine += server.weight;
  }
  return 100 * mine / all;
}

TEST(Weights, MeetTheSharesWithWhateverNumberOfInstances) {
  for (const double percent : {1.0, 5.0, 10.0, 25.0, 33.3, 50.0, 75.0, 99.0}) {
    for (const int old_servers : {1, 3}) {
      for (const int new_servers : {1, 2, 7}) {
        const auto servers = servers_of(shop(percent, old_servers, new_servers), "web");
        EXPECT_NEAR(share_of(servers, "r-0002"), percent, 2.1)
            << old_servers << " old, " << new_servers << " new";
      }
    }
  }
  EXPECT_NEAR(share_of(servers_of(shop(1, 3, 3), "web"), "r-0002"), 1, 0.01);
  EXPECT_NEAR(share_of(servers_of(shop(5, 3, 1), "web"), "r-0002"), 5, 0.01);
}

TEST(Weights, WhatIsToGetSomethingGetsSomethingAndWhatIsNotNothing) {
  for (const auto& server : servers_of(shop(0.01, 1, 5), "web")) EXPECT_GE(server.weight, 1);
  for (const auto& server : servers_of(shop(100), "web"))
    EXPECT_EQ(server.weight == 0, release_in(server.name) == "r-0001");
  EXPECT_TRUE(servers_of(shop(50), "api").empty());
}

TEST(Weights, NamesAreThoseOfReleaseAndAddress) {
  EXPECT_EQ(server_name("r-0001", "[::1]:80"), "r-0001_::1:80");
  EXPECT_EQ(release_in("r-0001_::1:80"), "r-0001");
}

const std::string kBackend = "slipway.shop.production.web";

TEST(Runtime, WhatGetsMoreComesBeforeWhatGetsLess) {
  const std::vector<RuntimeServer> present{
      {kBackend, "r-0001_a:1", "a:1", 1, false},
      {kBackend, "r-0000_z:1", "z:1", 3, false},
      {"slipway.shop.production.api", "r-0001_a:1", "a:1", 9, false}};
  const std::vector<Server> wanted{{"r-0001_a:1", "a:1", 0}, {"r-0002_b:2", "b:2", 1}};
  EXPECT_EQ(commands_for(kBackend, wanted, present),
            (std::vector<std::string>{"add server " + kBackend + "/r-0002_b:2 b:2 weight 1",
                                      "enable server " + kBackend + "/r-0002_b:2",
                                      "set server " + kBackend + "/r-0001_a:1 weight 0",
                                      "set server " + kBackend + "/r-0000_z:1 weight 0"}));
}

TEST(Runtime, NothingIsSaidWhenAllIsAsWanted) {
  const std::vector<RuntimeServer> present{{kBackend, "r-0001_a:1", "a:1", 1, false},
                                           {kBackend, "r-0000_z:1", "z:1", 0, false}};
  const std::vector<Server> wanted{{"r-0001_a:1", "a:1", 1}};
  EXPECT_TRUE(commands_for(kBackend, wanted, present).empty());
  EXPECT_FALSE(difference(kBackend, wanted, present));
}

TEST(Runtime, EveryDifferenceIsNamed) {
  const std::vector<Server> wanted{{"s", "a:1", 2}};
  const auto told = [&](RuntimeServer server) {
    return difference(kBackend, wanted, {std::move(server)}).value_or("nothing");
  };
  EXPECT_EQ(told({kBackend, "s", "a:1", 2, false}), "nothing");
  EXPECT_EQ(told({kBackend, "s", "a:1", 3, false}), kBackend + "/s has weight 3, not 2");
  EXPECT_EQ(told({kBackend, "s", "a:1", 2, true}), kBackend + "/s is in maintenance");
  EXPECT_EQ(told({kBackend, "s", "b:1", 2, false}), kBackend + "/s is at b:1, not at a:1");
  EXPECT_EQ(told({kBackend, "t", "a:1", 2, false}), "there is no server " + kBackend + "/s");
  EXPECT_EQ(*difference(kBackend, {}, {{kBackend, "t", "a:1", 2, false}}),
            kBackend + "/t has weight 2 and is no server of slipway's");
}

TEST(Runtime, OnlyIdleServersAreTakenAwayAndTheOldestOfMany) {
  std::vector<RuntimeServer> present;
  std::vector<ServerCounts> counts;
  for (std::size_t i = 0; i < kMostDeparted + 2; ++i) {
    const std::string name = "s" + std::to_string(i);
    present.push_back({kBackend, name, "a:1", 0, false});
    counts.push_back({kBackend, name, i == 0 ? 1 : 0, 5, 0});
  }
  EXPECT_EQ(removals_for(kBackend, {}, present, counts),
            (std::vector<std::string>{
                "set server " + kBackend + "/s1 state maint", "del server " + kBackend + "/s1",
                "set server " + kBackend + "/s2 state maint", "del server " + kBackend + "/s2"}));
  present.resize(kMostDeparted);
  EXPECT_TRUE(removals_for(kBackend, {}, present, counts).empty());
}

TEST(Answers, ProcessesBeforeAndAfterAReload) {
  const auto now = processes_in(
      "#<PID>  <type>  <reloads>  <uptime>  <version>\n21271  master  1 [failed: 0]  0d00h00m02s  "
      "2\n"
      "# workers\n24268  worker  0  0d00h00m01s  2\n# old workers\n22229  worker  1  0d0h  2\n"
      "# programs\n\n");
  EXPECT_EQ(now.serving, "24268");
  EXPECT_EQ(now.old, std::vector<std::string>{"22229"});
  EXPECT_EQ(processes_in("# workers\n# old workers\n1  worker  1  0d  2\n").serving, "");
}

TEST(Answers, ServersOfOthersAreLeftOut) {
  const std::string tail = " 1 100 2 1 0 2 0 0 0 0 - 18990 - 0 0 - - 0\n";
  const auto servers =
      servers_in("1\n# be_id be_name\n3 " + kBackend + " 1 r-0001_127.0.0.1:18990 127.0.0.1 2 1" +
                 tail + "4 theirs 1 x 127.0.0.1 2 0" + tail + "\n");
  ASSERT_EQ(servers.size(), 1u);
  EXPECT_EQ(servers[0].address, "127.0.0.1:18990");
  EXPECT_EQ(servers[0].weight, 1);
  EXPECT_TRUE(servers[0].is_in_maintenance);
}

TEST(Answers, CountsAreReadByTheNamesOfTheColumns) {
  const auto counts = counts_in(
      "# pxname,svname,qcur,scur,stot,econ,eresp,wredis,hrsp_5xx\n"
      "theirs,x,0,0,9,0,0,0,0\n" +
      kBackend + ",BACKEND,0,1,9,0,0,0,0\n" + kBackend + ",r-0002_a:1,1,2,30,1,2,3,4\n\n");
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts[0].running, 3);
  EXPECT_EQ(counts[0].requests, 30u);
  EXPECT_EQ(counts[0].errors, 10u);
}

TEST(Render, TheShapeIsTheSameWhateverTheWeightsAndAnotherForAnotherHost) {
  const auto rendered = [](const ports::Split& split) {
    return *render(Settings(), {"shop", "production"}, split, {"{}", "/x/page.html"});
  };
  EXPECT_EQ(rendered(shop(10)).shape, rendered(shop(90, 2, 5)).shape);
  EXPECT_NE(rendered(shop(10)).text, rendered(shop(90)).text);
  auto other = shop(10);
  other.fronts[0].route.hosts = {"other.test"};
  EXPECT_NE(rendered(shop(10)).shape, rendered(other).shape);
  auto closed = shop(10);
  closed.mode = ports::Mode::Maintenance;
  auto closed_otherwise = closed;
  closed_otherwise.message = "other words";
  EXPECT_NE(rendered(closed).shape, rendered(closed_otherwise).shape)
      << "the page is read by a reload alone";
  EXPECT_EQ(rendered(ports::Split()).text.find("bind"), std::string::npos);
}
}  // namespace
}  // namespace slipway::drivers::haproxy

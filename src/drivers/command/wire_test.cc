#include "drivers/command/wire.h"
#include "ports/split_json.h"

#include <gtest/gtest.h>

namespace slipway::drivers::command {
namespace {
Json parsed(const char* text) {
  auto json = Json::parse(text);
  EXPECT_TRUE(json) << text;
  return json ? *json : Json();
}

TEST(CommandWire, RequestsNameTheFormatAndTheCall) {
  EXPECT_EQ(request("observe").dump(), R"({"slipway":1,"call":"observe"})");
}

TEST(CommandWire, SendsSecretsAsReferencesOnly) {
  ports::TaskSpec task;
  task.name = "seed";
  task.workload.secrets = {{"JWT_SECRET", "", "/run/secrets/jwt", ""}};
  task.timeout = Millis(5000);
  const Json json = to_json(task);
  EXPECT_EQ(json.integer("timeout_ms"), 5000);
  const Json& secret = json.at("spec").at("secrets").items().at(0);
  EXPECT_EQ(secret.text("name"), "JWT_SECRET");
  EXPECT_EQ(secret.text("file"), "/run/secrets/jwt");
}

TEST(CommandWire, ReadsTheThreeOutcomes) {
  using Kind = ports::Outcome::Kind;
  EXPECT_EQ(outcome_of(parsed(R"({"outcome":"applied"})")).kind, Kind::Applied);
  const auto refused = outcome_of(
      parsed(R"({"outcome":"not_applied","error":{"code":"Conflict","what":"w","next":"n"}})"));
  EXPECT_EQ(refused.kind, Kind::NotApplied);
  EXPECT_EQ(refused.why.code, Code::Conflict);
  EXPECT_EQ(refused.why.what, "w");
  EXPECT_EQ(refused.why.next, "n");
  EXPECT_EQ(outcome_of(parsed(R"({"outcome":"unknown","error":{"code":"Timeout"}})")).kind,
            Kind::Unknown);
}

TEST(CommandWire, TakesAnythingElseForUnknown) {
  for (const char* text :
       {"{}", R"({"outcome":"done"})", R"({"outcome":1})", R"({"error":{"code":"Conflict"}})"}) {
    EXPECT_EQ(outcome_of(parsed(text)).kind, ports::Outcome::Kind::Unknown) << text;
  }
}

TEST(CommandWire, TurnsAnUnknownCodeIntoCommandFailed) {
  EXPECT_EQ(error_of(parsed(R"({"code":"Weird","what":"x"})")).code, Code::CommandFailed);
  EXPECT_FALSE(error_of(Json()).what.empty());
}

TEST(CommandWire, GivesBackTheSplitItSent) {
  ports::Split split;
  split.shares = {{"web", "r-0001", 87.5, {"127.0.0.1:1"}},
                  {"web", "r-0002", 12.5, {"127.0.0.1:2"}}};
  ports::Front front;
  front.service = "web";
  front.route.hosts = {"a.example"};
  front.route.strip_path = false;
  front.drain = Millis(1234);
  split.fronts = {front};
  split.mode = ports::Mode::Maintenance;
  split.message = "soon";
  split.retry_after = Millis(1500);
  split.allow = {"10.0.0.0/8"};
  split.page = "<p>";
  const auto back = split_of(to_json(split));
  ASSERT_TRUE(back) << back.error().sentence();
  EXPECT_EQ(back->shares, split.shares);
  EXPECT_EQ(back->fronts, split.fronts);
  EXPECT_EQ(back->mode, split.mode);
  EXPECT_EQ(back->message, split.message);
  EXPECT_EQ(back->retry_after, split.retry_after);
  EXPECT_EQ(back->allow, split.allow);
  EXPECT_EQ(back->page, split.page);
}

TEST(CommandWire, ReadsInstancesInTheOrderOfTheirIndex) {
  const auto view = slot_view_of(parsed(R"({"instances":[
      {"id":"web/r-0001/1","index":1,"state":"failed","why":"exit status 1","restarts":2},
      {"id":"web/r-0001/0","index":0,"address":"10.0.0.7:3000","state":"running","op":"r-0001/start-web/1"}]})"));
  ASSERT_TRUE(view);
  ASSERT_EQ(view->instances.size(), 2U);
  EXPECT_EQ(view->instances[0].address, "10.0.0.7:3000");
  EXPECT_EQ(view->instances[0].state, ports::InstanceState::Running);
  EXPECT_EQ(view->instances[0].op, "r-0001/start-web/1");
  EXPECT_EQ(view->instances[1].why, "exit status 1");
  EXPECT_EQ(view->instances[1].restarts, 2);
}

TEST(CommandWire, RefusesAnswersThatLeaveOutWhatDecides) {
  EXPECT_EQ(slot_view_of(parsed("{}")).error().code, Code::Malformed);
  EXPECT_EQ(slot_view_of(parsed(R"({"instances":[{"state":"sleepy"}]})")).error().code,
            Code::Malformed);
  EXPECT_EQ(slots_of(parsed(R"({"slots":{}})")).error().code, Code::Malformed);
  EXPECT_EQ(task_view_of(parsed(R"({"state":"?"})")).error().code, Code::Malformed);
  EXPECT_EQ(split_view_of(parsed(R"({"split":{}})")).error().code, Code::Malformed);
  EXPECT_EQ(
      split_view_of(parsed(R"({"version":"1","split":{"shares":[],"mode":"?"}})")).error().code,
      Code::Malformed);
  EXPECT_EQ(drain_view_of(parsed("{}")).error().code, Code::Malformed);
  EXPECT_EQ(counts_of(parsed("{}")).error().code, Code::Malformed);
  EXPECT_EQ(counts_of(parsed(R"({"requests":1,"latency_us":[[1]]})")).error().code,
            Code::Malformed);
  EXPECT_EQ(counts_of(parsed(R"({"requests":1,"routes":[{"requests":1}]})")).error().code,
            Code::Malformed);
  EXPECT_EQ(findings_of(parsed("{}")).error().code, Code::Malformed);
}

TEST(CommandWire, ReadsTheOtherViews) {
  const auto slots =
      slots_of(parsed(R"({"slots":[{"app":"a","environment":"e","service":"s","release":"r"}]})"));
  EXPECT_EQ((*slots)[0], (ports::Slot{"a", "e", "s", "r"}));
  const auto task = task_view_of(parsed(R"({"state":"failed","exit_code":3,"last_lines":"bad"})"));
  EXPECT_EQ(task->state, ports::TaskView::State::Failed);
  EXPECT_EQ(task->exit_code, 3);
  EXPECT_EQ(task->last_lines, "bad");
  const auto drain =
      drain_view_of(parsed(R"({"draining":[{"service":"web","address":"a:1","in_flight":4}]})"));
  EXPECT_EQ(drain->draining[0].in_flight, 4);
  const auto counts =
      counts_of(parsed(R"({"requests":10,"errors":1,"latency_us":[[1000,9],[2000,1]]})"));
  EXPECT_EQ(counts->requests, 10U);
  EXPECT_EQ(counts->latency_us.size(), 2U);
  EXPECT_TRUE(counts->routes.empty());
  const auto by_route = counts_of(parsed(
      R"({"requests":10,"routes":[{"route":"/b","requests":4,"errors":1,"latency_us":[[9,4]]},)"
      R"({"route":"/a","requests":6}]})"));
  ASSERT_EQ(by_route->routes.size(), 2U);
  EXPECT_EQ(by_route->routes[0].route, "/a");
  EXPECT_EQ(by_route->routes[1].errors, 1U);
  EXPECT_EQ(by_route->routes[1].latency_us.size(), 1U);
  const auto empty = split_view_of(parsed(R"({"version":""})"));
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->split.shares.empty());
  const auto findings =
      findings_of(parsed(R"({"findings":[{"weight":"warns","error":{"what":"slow"}}]})"));
  EXPECT_EQ((*findings)[0].weight, ports::Finding::Weight::Warns);
}

TEST(CommandWire, ACapabilityThatIsNotClaimedIsNotThere) {
  const auto platform = platform_capabilities_of(parsed(R"({"name":"mine","side_by_side":true})"));
  EXPECT_TRUE(platform.side_by_side);
  EXPECT_FALSE(platform.addressable);
  EXPECT_EQ(platform.platform_name, "mine");
  const auto router = router_capabilities_of(parsed(R"({"weights":true})"));
  EXPECT_TRUE(router.weights);
  EXPECT_FALSE(router.metrics);
}
}  // namespace
}  // namespace slipway::drivers::command

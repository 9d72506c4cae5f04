// Following a release through a daemon that goes away and comes back.
#include "cli/follow.h"

#include <gtest/gtest.h>

#include <atomic>

#include "io/clock.h"
#include "io/files.h"
#include "tests/contract/test_server.h"

namespace slipway::cli {
namespace {
using drivers::TestServer;

constexpr std::string_view kRelease = R"({"release":{"id":"r-0002","app":"shop",
  "environment":"production","version":"v2","by":"kim","created_ms":1763721000000},
  "plan":{"kind":"deploy","strategy":"blue-green","old":{"version":"v1"},
  "steps":[{"id":"shift-100","kind":"shift","text":"all traffic to v2","undo_text":"all traffic to v1"},
           {"id":"promote","kind":"promote","text":"v2 is the live release"},
           {"id":"watch","kind":"watch","text":"watch v2"}]}})";

std::string record(int seq, const char* event, const char* phase, int step) {
  const Json body =
      Json::object()
          .set("at_ms", 1763721000000 + seq)
          .set("event", event)
          .set("state", Json::object().set("phase", phase).set("step", step).set("reason", ""));
  return "id: " + std::to_string(seq) + "\nevent: record\ndata: " + body.dump() + "\n\n";
}

std::string end_event(const char* outcome, int exit_code) {
  const Json body = Json::object()
                        .set("outcome", outcome)
                        .set("reason", "")
                        .set("exit_code", exit_code)
                        .set("at_ms", 1763721000900);
  return "id: 9\nevent: ended\ndata: " + body.dump() + "\n\n";
}

class FollowTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = *io::make_temp_dir("slipway-cli-");
    around_.folder = folder_;
    around_.state = folder_;
    around_.out = std::tmpfile();
    around_.err = std::tmpfile();
    around_.clock = &clock_;
  }
  void TearDown() override {
    std::fclose(around_.out);
    std::fclose(around_.err);
    EXPECT_TRUE(io::remove_tree(folder_, "/tmp"));
  }
  // streams[n] is what the n-th connection is sent, before it is closed.
  int followed(std::vector<std::string> streams, Until until,
               const std::vector<std::string>& words = {"v2"}) {
    TestServer server(
        [&, at = std::make_shared<std::size_t>(0)](const http::Request& request, auto responder) {
          if (!request.path.ends_with("/events")) {
            responder->respond(200, std::string(kRelease), "application/json",
                               {{"Slipway-Api", "1"}});
            return;
          }
          asked_after_.emplace_back(request.field("Last-Event-ID"));
          responder->begin_stream(200, "text/event-stream", {{"Slipway-Api", "1"}});
          if (*at < streams.size()) responder->write_chunk(streams[(*at)++]);
          responder->end_stream();
        },
        folder_ + "/daemon.sock");
    const Session session(around_, *parse(*find_verb("deploy"), words));
    auto link = Link::open(session);
    return follow_release(session, *link, "r-0002", until);
  }
  static std::string written(std::FILE* file) {
    std::rewind(file);
    char text[8192] = {};
    return std::string(text, std::fread(text, 1, sizeof text - 1, file));
  }

  io::SystemClock clock_;
  Surroundings around_;
  std::string folder_;
  std::vector<std::string> asked_after_;
};

TEST_F(FollowTest, EndsWithTheExitStatusOfTheRelease) {
  EXPECT_EQ(followed({record(1, "begin", "acting", 0) + end_event("completed", 0)}, Until::Done),
            0);
  EXPECT_EQ(followed({record(1, "begin", "acting", 0) + end_event("rolled_back", 4)}, Until::Done),
            4);
  EXPECT_EQ(followed({record(1, "begin", "acting", 0) + end_event("aborted", 5)}, Until::Done), 5);
}

TEST_F(FollowTest, GoesOnAfterTheLastRecordWhenTheDaemonCameBack) {
  EXPECT_EQ(followed({record(1, "begin", "acting", 0) + record(2, "settled", "acting", 1),
                      record(3, "settled", "settling", 2) + end_event("completed", 0)},
                     Until::Done),
            0);
  EXPECT_EQ(asked_after_, (std::vector<std::string>{"", "2"}));
  EXPECT_NE(written(around_.err).find("the daemon is gone"), std::string::npos);
  EXPECT_NE(written(around_.err).find("the daemon is back"), std::string::npos);
  EXPECT_NE(written(around_.out).find("1/3  shift-100  done"), std::string::npos)
      << written(around_.out);
}

TEST_F(FollowTest, StopsAtThePromotionWhenThatIsAllThatIsAskedFor) {
  EXPECT_EQ(followed({record(1, "begin", "acting", 0) + record(2, "settled", "acting", 1) +
                      record(3, "settled", "settling", 2)},
                     Until::Promoted),
            0);
  EXPECT_EQ(written(around_.out).find("completed"), std::string::npos);
}

TEST_F(FollowTest, WithJsonEveryEventIsOneLine) {
  EXPECT_EQ(followed({record(1, "begin", "acting", 0) + end_event("completed", 0)}, Until::Done,
                     {"v2", "--json"}),
            0);
  const std::string out = written(around_.out);
  const auto end = out.find('\n');
  ASSERT_NE(end, std::string::npos);
  EXPECT_EQ(Json::parse(out.substr(0, end))->text("type"), "record");
  EXPECT_EQ(Json::parse(out.substr(end + 1))->text("type"), "ended");
}

TEST_F(FollowTest, ARefusalOfTheStreamIsAnErrorAndNotTriedAgain) {
  TestServer server(
      [](const http::Request& request, auto responder) {
        const bool is_stream = request.path.ends_with("/events");
        responder->respond(
            is_stream ? 404 : 200,
            is_stream ? R"({"error":{"code":"NotFound","exit_code":1,"what":"gone","next":""}})"
                      : std::string(kRelease),
            "application/json", {{"Slipway-Api", "1"}});
      },
      folder_ + "/daemon.sock");
  const Session session(around_, *parse(*find_verb("deploy"), {"v2"}));
  auto link = Link::open(session);
  EXPECT_EQ(follow_release(session, *link, "r-0002", Until::Done), 1);
  EXPECT_NE(written(around_.err).find("slipway: gone"), std::string::npos);
}

}  // namespace
}  // namespace slipway::cli

// The way to the daemon, against a server that answers what the test says.
#include "cli/link.h"

#include <gtest/gtest.h>

#include "io/clock.h"
#include "io/files.h"
#include "tests/contract/test_server.h"

namespace slipway::cli {
namespace {
using drivers::TestServer;

class LinkTest : public testing::Test {
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
  Session session(const std::vector<std::string>& words = {}) {
    return Session(around_, *parse(*find_verb("status"), words));
  }
  Result<Json> ask(TestServer::OnRequest answer) {
    TestServer server(std::move(answer), folder_ + "/daemon.sock");
    auto opened = session();
    auto link = Link::open(opened);
    if (!link) return link.error();
    auto got = link->get("/v1/status");
    refusal_ = link->refusal();
    return got;
  }
  static std::string written(std::FILE* file) {
    std::rewind(file);
    char text[4096] = {};
    return std::string(text, std::fread(text, 1, sizeof text - 1, file));
  }

  io::SystemClock clock_;
  Surroundings around_;
  std::string folder_;
  Json refusal_;
};

TEST_F(LinkTest, SaysHowToStartADaemonWhenNoneAnswers) {
  auto opened = session();
  auto link = Link::open(opened);
  const auto answer = link->get("/v1/status");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::DaemonUnreachable);
  EXPECT_NE(answer.error().next.find("slipway daemon --state " + folder_), std::string::npos);
  EXPECT_NE(answer.error().next.find("slipway dev"), std::string::npos);
  EXPECT_EQ(opened.fail(answer.error()), 6);
}

TEST_F(LinkTest, SendsItsApiNumberAndReadsTheAnswer) {
  const auto answer = ask([](const http::Request& request, auto responder) {
    const std::string sent(request.field("Slipway-Api"));
    responder->respond(200, "{\"sent\":\"" + sent + "\"}", "application/json",
                       {{"Slipway-Api", "1"}});
  });
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->text("sent"), "1");
}

TEST_F(LinkTest, AnotherApiIsAClearError) {
  const auto answer = ask([](const http::Request&, auto responder) {
    responder->respond(400, "{}", "application/json",
                       {{"Slipway-Api", "2"}, {"Slipway-Version", "9.0.0"}});
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::DaemonVersion);
  EXPECT_NE(answer.error().what.find("slipway 9.0.0 and speaks API 2"), std::string::npos);
}

TEST_F(LinkTest, SomethingElseOnTheSocketIsNotMistakenForTheDaemon) {
  const auto answer = ask(
      [](const http::Request&, auto responder) { responder->respond(200, "hello", "text/plain"); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::DaemonForeign);
}

TEST_F(LinkTest, TheDaemonsErrorComesWithItsExitStatusAndDetails) {
  const auto answer = ask([](const http::Request&, auto responder) {
    responder->respond(
        409,
        R"({"error":{"code":"LeaseHeld","number":109,"exit_code":3,"what":"held by r-0042",
                          "next":"wait","owner":{"release":"r-0042"}}})",
        "application/json", {{"Slipway-Api", "1"}});
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::LeaseHeld);
  EXPECT_EQ(refusal_.at("owner").text("release"), "r-0042");
  EXPECT_EQ(session().fail(answer.error(), refusal_), 3);
  EXPECT_EQ(written(around_.err), "slipway: held by r-0042\nnext: wait\n");
}

TEST_F(LinkTest, AnErrorOfANewerDaemonKeepsTheExitStatusItNames) {
  const auto answer = ask([](const http::Request&, auto responder) {
    responder->respond(409,
                       R"({"error":{"code":"FrozenByMoon","exit_code":3,"what":"no","next":""}})",
                       "application/json", {{"Slipway-Api", "1"}});
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(session().fail(answer.error(), refusal_), 3);
}

TEST_F(LinkTest, WithJsonTheErrorIsOneDocumentOnStandardOutput) {
  const auto opened = session({"--json"});
  EXPECT_EQ(opened.fail(Error(Code::ConfigMissing, "there is none", "write one")), 2);
  const auto document = Json::parse(written(around_.out));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->at("error").text("code"), "ConfigMissing");
  EXPECT_EQ(document->at("error").integer("exit_code"), 2);
  EXPECT_EQ(written(around_.err), "");
}

TEST_F(LinkTest, GivesEventsOneByOneAndGoesOnAfterTheLast) {
  TestServer server(
      [](const http::Request& request, auto responder) {
        responder->begin_stream(200, "text/event-stream", {{"Slipway-Api", "1"}});
        const std::string last(request.field("Last-Event-ID"));
        responder->write_chunk(": alive\n\nid: 8\nevent: record\ndata: {\"after\":\"" + last +
                               "\"}\n\n");
        responder->write_chunk("event: progress\ndata: {}\n\n");
        responder->end_stream();
      },
      folder_ + "/daemon.sock");
  auto opened = session();
  auto link = Link::open(opened);
  std::vector<Link::Event> events;
  const auto read = link->follow("/v1/releases/r-0001/events", 7, [&](const Link::Event& event) {
    events.push_back(event);
    return true;
  });
  ASSERT_TRUE(read) << read.error().what;
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].name, "record");
  EXPECT_EQ(events[0].id, 8);
  EXPECT_EQ(events[0].text, "{\"after\":\"7\"}");
  EXPECT_EQ(events[1].name, "progress");
}

TEST_F(LinkTest, ATokenIsOnlySentToThisMachine) {
  around_.host = "http://10.0.0.9:7878";
  around_.token = "slw_1_2";
  auto opened = session();
  const auto link = Link::open(opened);
  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().code, Code::Usage);
  EXPECT_NE(link.error().next.find("ssh -L"), std::string::npos);
}

TEST_F(LinkTest, SpeaksTcpWithATokenWhenAHostIsSet) {
  TestServer server([](const http::Request& request, auto responder) {
    responder->respond(200, "{\"auth\":\"" + std::string(request.field("Authorization")) + "\"}",
                       "application/json", {{"Slipway-Api", "1"}});
  });
  around_.host = "http://" + server.address();
  around_.token = "slw_1_2";
  auto opened = session();
  auto link = Link::open(opened);
  ASSERT_TRUE(link);
  const auto answer = link->get("/v1/status");
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->text("auth"), "Bearer slw_1_2");
}

}  // namespace
}  // namespace slipway::cli

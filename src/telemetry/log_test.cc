#include "telemetry/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

namespace slipway::telemetry {
namespace {

class StoppedClock : public Clock {
 public:
  WallTime now() override { return from_unix_ms(1'763'718'000'123); }
  Millis monotonic() override { return Millis(0); }
};

class LogTest : public ::testing::Test {
 protected:
  LogTest() { EXPECT_EQ(::pipe(pipe_), 0); }
  ~LogTest() override {
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }
  std::string written() {
    std::string out(65536, '\0');
    const ssize_t size = ::read(pipe_[0], out.data(), out.size());
    out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return out;
  }
  StoppedClock clock_;
  int pipe_[2];
};

TEST_F(LogTest, WritesOneJsonObjectPerLine) {
  Log log(clock_, pipe_[1], Form::Json);
  log.note("daemon", "ready", Json::object().set("pid", 7));
  EXPECT_EQ(written(),
            "{\"time\":\"2025-11-21T09:40:00.123Z\",\"level\":\"info\",\"room\":\"daemon\","
            "\"message\":\"ready\",\"pid\":7}\n");
}

TEST_F(LogTest, ATerminalGetsPlainTextOnOneLine) {
  Log log(clock_, pipe_[1], Form::Text);
  log.warning("daemon", "two\nlines", Json::object().set("release", "r-0001"));
  EXPECT_EQ(written(), "09:40:00.123 warning: daemon: two lines release=r-0001\n");
}

TEST_F(LogTest, SecretsAreTakenOutWhereverTheyStand) {
  Log log(clock_, pipe_[1], Form::Json);
  log.redact("hunter22");
  log.redact("with\"quote");
  log.redact("abc");
  log.error("daemon", "url postgres://u:hunter22@h/",
            Json::object().set("env", "x with\"quote abc"));
  const std::string line = written();
  EXPECT_EQ(line.find("hunter22"), std::string::npos);
  EXPECT_EQ(line.find("quote"), std::string::npos);
  EXPECT_NE(line.find("[redacted]@h"), std::string::npos);
  EXPECT_NE(line.find("abc"), std::string::npos) << "too short to be worth hiding";
}

TEST_F(LogTest, EventsBelowTheLevelAreNotWritten) {
  Log log(clock_, pipe_[1], Form::Json, Level::Warning);
  log.note("daemon", "quiet");
  log.error("daemon", "loud");
  EXPECT_EQ(written().find("quiet"), std::string::npos);
}

TEST_F(LogTest, AFieldCannotTakeThePlaceOfTheMessage) {
  Log log(clock_, pipe_[1], Form::Json);
  log.note("daemon", "true", Json::object().set("message", "false"));
  EXPECT_EQ(written().find("false"), std::string::npos);
}

TEST_F(LogTest, LinesOfManyThreadsStayWhole) {
  Log log(clock_, pipe_[1], Form::Json);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) log.note("daemon", "a line of some length");
    });
  }
  for (auto& thread : threads) thread.join();
  const std::string all = written();
  std::size_t lines = 0;
  for (std::size_t at = 0; at < all.size();) {
    const auto end = all.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_TRUE(Json::parse(std::string_view(all).substr(at, end - at)).has_value());
    at = end + 1;
    ++lines;
  }
  EXPECT_EQ(lines, 200u);
}

TEST(LogFile, AFolderThatIsNotThereIsAnErrorThatNamesIt) {
  StoppedClock clock;
  const auto log = Log::to_file(clock, "/nonexistent/slipway.log");
  ASSERT_FALSE(log.has_value());
  EXPECT_NE(log.error().what.find("/nonexistent/slipway.log"), std::string::npos);
}

}  // namespace
}  // namespace slipway::telemetry

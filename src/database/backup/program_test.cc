#include "database/backup/program.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>

#include "io/clock.h"

namespace slipway::database::backup {
namespace {

class Programs : public testing::Test {
 protected:
  World world(std::function<bool()> interrupted = {}) { return {clock_, {}, interrupted}; }
  static Program shell(const std::string& text) { return {{"/bin/sh", "-c", text}, {}, "", {}}; }
  io::SystemClock clock_;
};

TEST_F(Programs, TellTheirLinesAndTheirEnd) {
  auto program = shell("echo one; echo two; echo three >&2; exit 3");
  std::vector<std::string> lines;
  program.on_line = [&](std::string_view line) { lines.emplace_back(line); };
  const auto ran = run_program(program, world()).value();
  EXPECT_EQ(ran.exit.code, 3);
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(last_words(ran), "three");
  const auto failed = run_or_fail(program, world(), "mend it");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().what, "/bin/sh ended with exit status 3: three");
}

TEST_F(Programs, AServerTheyStartDoesNotKeepThem) {
  const auto ran = run_program(shell("tail -f /dev/null & echo $!"), world());
  ASSERT_TRUE(ran);
  const int server = std::atoi(ran->out.c_str());
  ASSERT_GT(server, 0);
  EXPECT_EQ(::kill(server, SIGKILL), 0);  // it lived on, with the output open
}

TEST_F(Programs, EndWhenInterrupted) {
  const auto ran = run_program(shell("exec tail -f /dev/null"), world([] { return true; }));
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, Code::Aborted);
}

TEST_F(Programs, ThatAreNotThereAreSaidToBe) {
  EXPECT_EQ(run_program({{"no-such-program"}, {}, "", {}}, world()).error().code,
            Code::CommandNotFound);
}

}  // namespace
}  // namespace slipway::database::backup

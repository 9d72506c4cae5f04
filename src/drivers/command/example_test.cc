// The example script does what its README promises beyond the contract: real processes, secrets
// read when something starts, KILL after the stop time-out, one winner between two writers.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "drivers/command/drivers.h"
#include "io/signals.h"

namespace slipway::drivers::command {
namespace {
using Kind = ports::Outcome::Kind;
const bool kPipesAreSafe = (io::ignore_sigpipe(), true);
const ports::Slot kSlot{"shop", "production", "web", "r-0001"};
const OpId kStart{"r-0001", "start-web", 1};

bool becomes_true(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  while (std::chrono::steady_clock::now() < deadline) {
    if (holds()) return true;
  }
  return false;
}

class CommandExample : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/slipway-example-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    auto platform = make_platform(settings());
    ASSERT_TRUE(platform) << platform.error().sentence();
    platform_ = std::move(platform).value();
  }
  void TearDown() override {
    EXPECT_EQ(platform_->retire(kSlot, {"r-0001", "tear-down", 1}).kind, Kind::Applied);
    EXPECT_TRUE(becomes_true([&] { return platform_->observe(kSlot)->instances.empty(); }));
    std::filesystem::remove_all(folder_);
  }
  Settings settings() const {
    const auto root = std::filesystem::path(SLIPWAY_SOURCE_DIR);
    const std::string script =
        std::filesystem::canonical(root / "examples/command-driver/driver.js").string();
    return {"node '" + script + "' '" + folder_ + "/world'", folder_, {}, Millis(10'000)};
  }
  ports::WorkloadSpec running(const std::string& line) const {
    ports::WorkloadSpec spec;
    spec.version = "v1";
    spec.run = line;
    spec.dir = folder_;
    return spec;
  }
  bool becomes_output(const std::string& line) {
    return becomes_true([&] {
      const auto lines = platform_->output(kSlot, 10);
      return lines && !lines->empty() && lines->back() == "web/r-0001/0 | " + line;
    });
  }

  std::string folder_;
  std::unique_ptr<ports::Instances> platform_;
};

TEST_F(CommandExample, ReadsSecretsFromTheirReferencesWhenItStartsSomething) {
  std::ofstream(folder_ + "/token") << "s3cret\n";
  auto spec = running("echo \"$TOKEN $WORD $A\"; exec tail -f /dev/null");
  spec.env = {{"A", "plain"}};
  spec.secrets = {{"TOKEN", "", folder_ + "/token", ""}, {"WORD", "", "", "echo spoken"}};
  ASSERT_EQ(platform_->ensure(kSlot, spec, 1, kStart).kind, Kind::Applied);
  EXPECT_TRUE(becomes_output("s3cret spoken plain"));
}

TEST_F(CommandExample, ASecretThatCannotBeReadStartsNothing) {
  auto spec = running("exec tail -f /dev/null");
  spec.secrets = {{"TOKEN", "", folder_ + "/not-there", ""}};
  EXPECT_NE(platform_->ensure(kSlot, spec, 1, kStart).kind, Kind::Applied);
  EXPECT_TRUE(platform_->observe(kSlot)->instances.empty());
}

TEST_F(CommandExample, AFolderThatIsNotThereIsNotApplied) {
  auto spec = running("true");
  spec.dir = folder_ + "/not-there";
  const auto outcome = platform_->ensure(kSlot, spec, 1, kStart);
  EXPECT_EQ(outcome.kind, Kind::NotApplied);
  EXPECT_EQ(outcome.why.code, Code::NotFound);
}

TEST_F(CommandExample, KillsWhatDoesNotStopInTime) {
  auto spec = running("trap '' TERM; echo ready; tail -f /dev/null");
  spec.stop.timeout = Millis(200);
  ASSERT_EQ(platform_->ensure(kSlot, spec, 1, kStart).kind, Kind::Applied);
  ASSERT_TRUE(becomes_output("ready"));
  ASSERT_EQ(platform_->retire(kSlot, {"r-0001", "retire-web", 1}).kind, Kind::Applied);
  EXPECT_TRUE(becomes_true([&] { return platform_->observe(kSlot)->instances.empty(); }));
}

TEST_F(CommandExample, OfTwoWritersOfOneVersionOneWins) {
  const auto set = [&](int writer) {
    const auto router = make_router(settings());
    EXPECT_TRUE(router);
    return (*router)->set_split({"shop", "production"}, {}, "", 1, {"r-0001", "w", writer}).kind;
  };
  Kind first = Kind::Unknown;
  std::thread other([&] { first = set(1); });
  const Kind second = set(2);
  other.join();
  EXPECT_NE(first, second);
  EXPECT_TRUE(first == Kind::Applied || second == Kind::Applied);
  EXPECT_TRUE(first == Kind::NotApplied || second == Kind::NotApplied);
}
}  // namespace
}  // namespace slipway::drivers::command

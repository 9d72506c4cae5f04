// The command driver with the example script: what a user copies keeps the contract too.
#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "drivers/command/drivers.h"
#include "io/signals.h"
#include "tests/contract/instances_contract.h"
#include "tests/contract/router_contract.h"

namespace slipway::contract {
namespace {
namespace command = drivers::command;

// As main() does: a script may end without reading its request.
const bool kPipesAreSafe = (io::ignore_sigpipe(), true);

// The example's world: a folder that is gone with its rig.
class ExampleWorld {
 public:
  ExampleWorld() {
    std::string name = "/tmp/slipway-command-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~ExampleWorld() { std::filesystem::remove_all(folder_); }
  ExampleWorld(const ExampleWorld&) = delete;
  ExampleWorld& operator=(const ExampleWorld&) = delete;

  command::Settings settings() const {
    const auto root = std::filesystem::path(SLIPWAY_SOURCE_DIR);
    const std::string script = (root / "examples/command-driver/driver.js").string();
    return {"node '" + script + "' '" + folder_ + "'", folder_, {}, Millis(10'000)};
  }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

template <class Driver>
std::unique_ptr<Driver> made(Result<std::unique_ptr<Driver>> driver) {
  EXPECT_TRUE(driver) << driver.error().sentence();
  return driver ? std::move(driver).value() : nullptr;
}

class CommandInstancesRig : public InstancesRig {
 public:
  void pass(Millis at_most) override { ::poll(nullptr, 0, static_cast<int>(at_most.count())); }
  ports::Instances& driver() override { return *driver_; }
  std::unique_ptr<ports::Instances> another() override {
    return made(command::make_platform(world_.settings()));
  }
  ports::WorkloadSpec server() override { return running("exec tail -f /dev/null"); }
  ports::WorkloadSpec dying() override { return running("echo boom; exit 1"); }
  ports::WorkloadSpec task(int exit_code) override {
    return running("exit " + std::to_string(exit_code));
  }

 private:
  static ports::WorkloadSpec running(const std::string& line) {
    ports::WorkloadSpec spec;
    spec.version = "v1";
    spec.run = line;
    return spec;
  }
  ExampleWorld world_;
  std::unique_ptr<ports::Instances> driver_ = another();
};

class CommandRouterRig : public RouterRig {
 public:
  void pass(Millis at_most) override { ::poll(nullptr, 0, static_cast<int>(at_most.count())); }
  ports::Router& driver() override { return *driver_; }
  std::unique_ptr<ports::Router> another() override {
    return made(command::make_router(world_.settings()));
  }
  std::string address(int which) override { return "127.0.0.1:" + std::to_string(20001 + which); }
  // The part of the proxy that reads the example's files is played by the rig.
  void begin_request() override { write_running(1); }
  void end_request() override { write_running(0); }

 private:
  void write_running(int count) {
    std::filesystem::create_directories(world_.folder() + "/requests");
    std::ofstream(world_.folder() + "/requests/" + address(0)) << count;
  }
  ExampleWorld world_;
  std::unique_ptr<ports::Router> driver_ = another();
};

std::unique_ptr<InstancesRig> make_instances() { return std::make_unique<CommandInstancesRig>(); }
std::unique_ptr<RouterRig> make_router() { return std::make_unique<CommandRouterRig>(); }
}  // namespace

INSTANTIATE_TEST_SUITE_P(Command, InstancesContract, ::testing::Values(&make_instances));
INSTANTIATE_TEST_SUITE_P(Command, RouterContract, ::testing::Values(&make_router));
}  // namespace slipway::contract

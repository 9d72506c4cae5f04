// The process driver on real processes. This program is its own shim.
#include <poll.h>

#include "drivers/process/driver.h"
#include "drivers/process/shim.h"
#include "io/files.h"
#include "io/signals.h"
#include "tests/contract/instances_contract.h"

namespace slipway::contract {
namespace {
namespace process = drivers::process;

class ProcessRig : public InstancesRig {
 public:
  ~ProcessRig() override { EXPECT_TRUE(io::remove_tree(folder_, "/tmp")); }
  void pass(Millis at_most) override { ::poll(nullptr, 0, static_cast<int>(at_most.count())); }
  ports::Instances& driver() override { return *driver_; }
  std::unique_ptr<ports::Instances> another() override {
    return std::make_unique<process::ProcessInstances>(options());
  }
  ports::WorkloadSpec server() override { return running("exec tail -f /dev/null"); }
  ports::WorkloadSpec dying() override { return running("echo boom; exit 1"); }
  ports::WorkloadSpec task(int exit_code) override {
    return running("exit " + std::to_string(exit_code));
  }

 private:
  process::ProcessOptions options() const { return {folder_ + "/instances", {}}; }
  ports::WorkloadSpec running(const std::string& line) const {
    ports::WorkloadSpec spec;
    spec.version = "v1";
    spec.run = line;
    spec.dir = folder_;
    return spec;
  }
  std::string folder_ = *io::make_temp_dir("slipway-contract-");
  std::unique_ptr<ports::Instances> driver_ = another();
};

std::unique_ptr<InstancesRig> make_process_rig() { return std::make_unique<ProcessRig>(); }
INSTANTIATE_TEST_SUITE_P(Process, InstancesContract, ::testing::Values(&make_process_rig));

}  // namespace
}  // namespace slipway::contract

int main(int argc, char** argv) {
  if (const auto status = slipway::drivers::process::shim_by_arguments(argc, argv)) return *status;
  slipway::io::ignore_sigpipe();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

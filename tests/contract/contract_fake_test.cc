// The in-memory drivers under the same contract as the real ones.
#include "drivers/fake/drivers.h"
#include "tests/contract/instances_contract.h"
#include "tests/contract/router_contract.h"

namespace slipway::contract {
namespace {
using namespace drivers::fake;

// A world in which version "dying" ends at once.
World scripted_world() {
  Behaviour dying;
  dying.version = "dying";
  dying.dies_after = Millis(0);
  dying.last_lines = "boom";
  World world;
  world.script = std::make_shared<Script>(Script{.behaviours = {dying}});
  return world;
}

class FakeInstancesRig : public InstancesRig {
 public:
  void pass(Millis at_most) override { clock_.advance(at_most); }
  ports::Instances& driver() override { return driver_; }
  std::unique_ptr<ports::Instances> another() override {
    return std::make_unique<FakeInstances>(seam_);
  }
  ports::WorkloadSpec server() override { return spec("v1"); }
  ports::WorkloadSpec dying() override { return spec("dying"); }
  ports::WorkloadSpec task(int exit_code) override {
    auto out = spec("v1");
    out.run = "exit " + std::to_string(exit_code);
    return out;
  }

 private:
  static ports::WorkloadSpec spec(const std::string& version) {
    ports::WorkloadSpec out;
    out.version = version;
    return out;
  }
  World world_ = scripted_world();
  VirtualClock clock_;
  Seam seam_{world_, clock_, {}};
  FakeInstances driver_{seam_};
};

class FakeRouterRig : public RouterRig {
 public:
  FakeRouterRig() {
    FakeInstances instances(seam_);
    for (const char* release : {"r-0001", "r-0002"}) {
      ports::WorkloadSpec spec;
      spec.version = release;
      const ports::Slot slot{"shop", "production", "web", release};
      EXPECT_EQ(instances.ensure(slot, spec, 1, {release, "start-web", 1}).kind,
                ports::Outcome::Kind::Applied);
      addresses_.push_back(instances.observe(slot)->instances[0].address);
    }
  }
  void pass(Millis at_most) override { clock_.advance(at_most); }
  ports::Router& driver() override { return driver_; }
  std::unique_ptr<ports::Router> another() override { return std::make_unique<FakeRouter>(seam_); }
  std::string address(int which) override { return addresses_[static_cast<std::size_t>(which)]; }
  // The fake's addresses always have requests when they leave, for a scripted time.
  void begin_request() override {}
  void end_request() override {}

 private:
  World world_;
  VirtualClock clock_;
  Seam seam_{world_, clock_, {}};
  FakeRouter driver_{seam_};
  std::vector<std::string> addresses_;
};

std::unique_ptr<InstancesRig> make_fake_instances() { return std::make_unique<FakeInstancesRig>(); }
std::unique_ptr<RouterRig> make_fake_router() { return std::make_unique<FakeRouterRig>(); }
}  // namespace

INSTANTIATE_TEST_SUITE_P(Fake, InstancesContract, ::testing::Values(&make_fake_instances));
INSTANTIATE_TEST_SUITE_P(Fake, RouterContract, ::testing::Values(&make_fake_router));
}  // namespace slipway::contract

#pragma once
// A state folder, a driver on it, and waiting for what real processes do. Ends everything it
// started.
#include <gtest/gtest.h>
#include <poll.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "drivers/process/driver.h"
#include "drivers/process/leftovers.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::drivers::process {

class ProcessTest : public ::testing::Test {
 protected:
  static constexpr Millis kSoon{15'000};

  ~ProcessTest() override {
    for (const auto& slot : used_) {
      const auto left = driver_.retire(slot, op("tear-down"));
      EXPECT_EQ(left.kind, ports::Outcome::Kind::Applied);
      EXPECT_TRUE(holds_soon([&] { return driver_.observe(slot)->instances.empty(); }));
    }
    EXPECT_TRUE(io::remove_tree(folder_, "/tmp"));
  }

  static bool holds_soon(const std::function<bool()>& holds) {
    const std::int64_t deadline = io::monotonic_us() + kSoon.count() * 1000;
    while (!holds()) {
      if (io::monotonic_us() > deadline) return false;
      ::poll(nullptr, 0, 5);
    }
    return true;
  }

  OpId op(const std::string& step) const { return {"r-0001", step, 1}; }
  std::string root() const { return folder_ + "/instances"; }
  std::string at(const std::string& name) const { return folder_ + "/" + name; }

  ports::WorkloadSpec running(const std::string& line) const {
    ports::WorkloadSpec spec;
    spec.version = "v1";
    spec.run = line;
    spec.dir = folder_;
    spec.stop.timeout = Millis(5000);
    return spec;
  }

  void ensure(const ports::WorkloadSpec& spec, int count, const std::string& step) {
    const auto outcome = driver_.ensure(slot_, spec, count, op(step));
    ASSERT_EQ(outcome.kind, ports::Outcome::Kind::Applied) << outcome.why.sentence();
  }
  std::vector<ports::Instance> seen() { return driver_.observe(slot_)->instances; }
  bool becomes(ports::InstanceState state) {
    return holds_soon([&] { return seen().size() == 1 && seen()[0].state == state; });
  }
  bool becomes_gone() {
    return holds_soon([&] { return seen().empty(); });
  }
  // What the app wrote into a file of the state folder.
  std::string text_in(const std::string& name) const {
    return io::read_file(at(name)).value_or(std::string());
  }
  std::string token() const { return look_into(instance_folder(root(), slot_, 0)).spec->token; }
  InstanceStatus status() const {
    return look_into(instance_folder(root(), slot_, 0)).status.value_or(InstanceStatus());
  }

  std::string folder_ = *io::make_temp_dir("slipway-process-");
  ProcessInstances driver_{{root(), {}}};
  const ports::Slot slot_{"shop", "production", "web", "r-0001"};
  std::vector<ports::Slot> used_{slot_};
};

}  // namespace slipway::drivers::process

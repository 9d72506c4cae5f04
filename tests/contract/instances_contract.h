#pragma once
// The contract of ports::Instances. A driver's file includes this once, gives a rig, and
// instantiates:
//   INSTANTIATE_TEST_SUITE_P(Process, InstancesContract, ::testing::Values(&make_process_rig));
#include <memory>
#include <set>

#include "ports/instances.h"
#include "tests/contract/rig.h"

namespace slipway::contract {

class InstancesRig : public Rig {
 public:
  virtual ports::Instances& driver() = 0;
  // Another driver object over the same world, as a new daemon would make it.
  virtual std::unique_ptr<ports::Instances> another() = 0;
  virtual ports::WorkloadSpec server() = 0;  // keeps running until it is stopped
  virtual ports::WorkloadSpec dying() = 0;   // prints "boom" and ends with an error at once
  virtual ports::WorkloadSpec task(int exit_code) = 0;  // ends soon with this status
};
using MakeInstancesRig = std::unique_ptr<InstancesRig> (*)();

class InstancesContract : public ::testing::TestWithParam<MakeInstancesRig> {
 protected:
  std::unique_ptr<InstancesRig> rig_ = GetParam()();
  const ports::Slot slot_{"shop", "production", "web", "r-0001"};

  ports::Instances& driver() { return rig_->driver(); }

  std::vector<ports::Instance> seen(ports::Instances& by) {
    auto view = at_once([&] { return by.observe(slot_); });
    EXPECT_TRUE(view) << view.error().sentence();
    return view ? view->instances : std::vector<ports::Instance>();
  }
  std::vector<ports::Instance> seen() { return seen(driver()); }

  std::vector<int> running() {
    std::vector<int> out;
    for (const auto& instance : seen()) {
      if (instance.state == ports::InstanceState::Running) out.push_back(instance.index);
    }
    return out;
  }
  bool becomes_running(const std::vector<int>& indexes) {
    return becomes_true(*rig_,
                        [&] { return running() == indexes && seen().size() == indexes.size(); });
  }

  ports::Outcome ensure(int count, const OpId& by) { return ensure(rig_->server(), count, by); }
  ports::Outcome ensure(const ports::WorkloadSpec& spec, int count, const OpId& by) {
    return at_once([&] { return driver().ensure(slot_, spec, count, by); });
  }
  static void expect_applied(const ports::Outcome& outcome) {
    EXPECT_EQ(outcome.kind, ports::Outcome::Kind::Applied) << outcome.why.sentence();
  }

  void TearDown() override {
    expect_applied(driver().retire(slot_, op("tear-down")));
    EXPECT_TRUE(becomes_true(*rig_, [&] { return seen().empty(); })) << "something is left running";
  }
};

TEST_P(InstancesContract, AnEmptySlotIsEmptyAndNotAnError) {
  EXPECT_TRUE(seen().empty());
  const auto slots = at_once([&] { return driver().slots("shop", "production"); });
  ASSERT_TRUE(slots);
  EXPECT_TRUE(slots->empty());
}

TEST_P(InstancesContract, EnsureStartsAsManyAsWanted) {
  expect_applied(ensure(3, op("start-web")));
  EXPECT_EQ(seen().size(), 3u) << "they are visible as soon as the call returns";
  ASSERT_TRUE(becomes_running({0, 1, 2}));
  std::set<std::string> addresses;
  for (const auto& instance : seen()) {
    EXPECT_EQ(instance.id, "web/r-0001/" + std::to_string(instance.index));
    EXPECT_EQ(instance.restarts, 0);
    addresses.insert(instance.address);
  }
  EXPECT_EQ(addresses.size(), 3u) << "each has an address of its own";
  EXPECT_EQ(addresses.count(""), 0u);
}

TEST_P(InstancesContract, WhatDoesNotListenHasNoAddress) {
  auto worker = rig_->server();
  worker.listens = false;
  expect_applied(ensure(worker, 1, op("start-web")));
  ASSERT_TRUE(becomes_running({0}));
  EXPECT_EQ(seen()[0].address, "");
}

TEST_P(InstancesContract, ARepeatedOpChangesNothing) {
  expect_applied(ensure(2, op("start-web")));
  ASSERT_TRUE(becomes_running({0, 1}));
  const auto before = seen();
  expect_applied(ensure(2, op("start-web")));
  const auto after = seen();
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i].address, before[i].address);
    EXPECT_EQ(after[i].restarts, 0);
  }
}

TEST_P(InstancesContract, EveryInstanceCarriesTheOpItWasMadeWith) {
  expect_applied(ensure(1, op("start-web-1")));
  expect_applied(ensure(2, op("start-web-2")));
  ASSERT_TRUE(becomes_running({0, 1}));
  EXPECT_EQ(seen()[0].op, "r-0001/start-web-1/1");
  EXPECT_EQ(seen()[1].op, "r-0001/start-web-2/1");
}

TEST_P(InstancesContract, AHigherCountAddsAndALowerOneStopsTheHighestIndexes) {
  expect_applied(ensure(1, op("start-web-1")));
  expect_applied(ensure(3, op("start-web-2")));
  ASSERT_TRUE(becomes_running({0, 1, 2}));
  const auto before = seen();
  expect_applied(ensure(1, op("shrink-web-1")));
  ASSERT_TRUE(becomes_running({0}));
  EXPECT_EQ(seen()[0].address, before[0].address) << "the one that stays is not touched";
}

TEST_P(InstancesContract, EnsuringNoneEmptiesTheSlot) {
  expect_applied(ensure(2, op("start-web")));
  expect_applied(ensure(0, op("shrink-web")));
  EXPECT_TRUE(becomes_true(*rig_, [&] { return seen().empty(); }));
}

TEST_P(InstancesContract, RetireStopsEverythingInTheSlot) {
  expect_applied(ensure(2, op("start-web")));
  ASSERT_TRUE(becomes_running({0, 1}));
  expect_applied(at_once([&] { return driver().retire(slot_, op("retire-web")); }));
  for (const auto& instance : seen()) EXPECT_EQ(instance.state, ports::InstanceState::Draining);
  EXPECT_TRUE(becomes_true(*rig_, [&] { return seen().empty(); }));
  const auto slots = driver().slots("shop", "production");
  ASSERT_TRUE(slots);
  EXPECT_TRUE(slots->empty());
}

TEST_P(InstancesContract, RetiringAnEmptySlotIsDone) {
  expect_applied(at_once([&] { return driver().retire(slot_, op("retire-web")); }));
}

TEST_P(InstancesContract, ARetiredSlotCanBeStartedAgain) {
  expect_applied(ensure(1, op("start-web")));
  ASSERT_TRUE(becomes_running({0}));
  expect_applied(driver().retire(slot_, op("retire-web")));
  expect_applied(ensure(1, op("undo-retire-web")));
  ASSERT_TRUE(becomes_running({0}));
  EXPECT_EQ(seen()[0].op, "r-0001/undo-retire-web/1");
}

TEST_P(InstancesContract, ANewDaemonSeesWhatTheLastOneStarted) {
  expect_applied(ensure(2, op("start-web")));
  ASSERT_TRUE(becomes_running({0, 1}));
  const auto before = seen();
  const auto later = rig_->another();
  const auto after = seen(*later);
  ASSERT_EQ(after.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(after[i].address, before[i].address);
    EXPECT_EQ(after[i].op, before[i].op);
    EXPECT_EQ(after[i].state, ports::InstanceState::Running);
  }
  expect_applied(at_once([&] { return later->ensure(slot_, rig_->server(), 2, op("start-web")); }));
  EXPECT_EQ(seen(*later).size(), 2u) << "the op is known to the new daemon too";
}

TEST_P(InstancesContract, SlotsListsWhatRunsOfThisAppAndEnvironmentOnly) {
  expect_applied(ensure(1, op("start-web")));
  const ports::Slot other{"shop", "staging", "web", "r-0001"};
  expect_applied(driver().ensure(other, rig_->server(), 1, op("start-other")));
  const auto slots = at_once([&] { return driver().slots("shop", "production"); });
  ASSERT_TRUE(slots);
  EXPECT_EQ(*slots, std::vector<ports::Slot>{slot_});
  expect_applied(driver().retire(other, op("retire-other")));
  EXPECT_TRUE(becomes_true(*rig_, [&] { return driver().observe(other)->instances.empty(); }));
}

TEST_P(InstancesContract, AnInstanceThatDiesIsFailedWithItsLastLines) {
  expect_applied(ensure(rig_->dying(), 1, op("start-web")));
  ASSERT_TRUE(becomes_true(*rig_, [&] {
    const auto instances = seen();
    return instances.size() == 1 && instances[0].state == ports::InstanceState::Failed;
  }));
  EXPECT_NE(seen()[0].why.find("boom"), std::string::npos) << seen()[0].why;
}

TEST_P(InstancesContract, OutputNamesTheInstanceThatPrintedIt) {
  expect_applied(ensure(rig_->dying(), 1, op("start-web")));
  EXPECT_TRUE(becomes_true(*rig_, [&] {
    const auto lines = at_once([&] { return driver().output(slot_, 10); });
    if (!lines) return false;
    for (const auto& line : *lines) {
      if (line.rfind("web/r-0001/0 | ", 0) == 0 && line.find("boom") != std::string::npos)
        return true;
    }
    return false;
  }));
}

TEST_P(InstancesContract, AOneOffTaskRunsOnceHoweverOftenItIsAskedFor) {
  const auto by = op("migrate");
  EXPECT_EQ(driver().observe_once(by)->state, ports::TaskView::State::Missing);
  const ports::TaskSpec task{"migrate", rig_->task(0)};
  expect_applied(at_once([&] { return driver().run_once(task, by); }));
  ASSERT_TRUE(becomes_true(*rig_, [&] {
    return driver().observe_once(by)->state == ports::TaskView::State::Succeeded;
  }));
  expect_applied(at_once([&] { return driver().run_once(task, by); }));
  EXPECT_EQ(driver().observe_once(by)->state, ports::TaskView::State::Succeeded)
      << "a repeated op must not start it again";
}

TEST_P(InstancesContract, AOneOffTaskThatFailsKeepsItsStatus) {
  expect_applied(driver().run_once({"migrate", rig_->task(3)}, op("migrate")));
  ASSERT_TRUE(becomes_true(*rig_, [&] {
    return driver().observe_once(op("migrate"))->state == ports::TaskView::State::Failed;
  }));
  EXPECT_EQ(driver().observe_once(op("migrate"))->exit_code, 3);
}

}  // namespace slipway::contract

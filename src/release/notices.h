#pragma once
// What people are told when a release goes from one state to the next. Pure: the same two states
// give the same notices, so they can be put into the outbox with the record between them.
#include <string>
#include <vector>

#include "plan/plan.h"
#include "ports/outbox.h"
#include "release/machine.h"

namespace slipway::release {

inline constexpr int kStuckAfter = 5;  // undos sent in vain before a person is told

struct Turning {
  const plan::Plan& plan;
  const std::string& release;
  const State& before;
  const State& after;
  const Event& event;
  std::int64_t at_ms = 0;
};
std::vector<ports::Telling> notices_of(const Turning& turning);

// A release waits for its approvals.
ports::Telling approval_notice(const plan::Plan& plan, const std::string& release,
                               const std::string& why, std::int64_t at_ms);

// A release waits for an answer of a person; told once for each item.
ports::Telling question_notice(const plan::Plan& plan, const std::string& release,
                               const std::string& item, const std::string& why, std::int64_t at_ms);

// What that notice asks about; empty: it asks nothing.
std::string asked_item(const ports::Notice& notice);

// That a release never began.
ports::Telling dropped_notice(const plan::Plan& plan, const std::string& release,
                              const std::string& why, std::int64_t at_ms);

}  // namespace slipway::release

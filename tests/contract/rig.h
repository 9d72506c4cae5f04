#pragma once
// What a driver's own file gives the contract suites, and how they wait.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include "base/clock.h"
#include "base/ids.h"

namespace slipway::contract {

// Lets a driver's world go on for a moment: virtual time for the fake, a real wait for the others.
class Rig {
 public:
  virtual ~Rig() = default;
  virtual void pass(Millis at_most) = 0;
};

// True as soon as `holds`; false when it does not within ten seconds of the rig's time.
inline bool becomes_true(Rig& rig, const std::function<bool()>& holds) {
  constexpr Millis kLook{20};
  for (int looks = 0; looks < 500; ++looks) {
    if (holds()) return true;
    rig.pass(kLook);
  }
  return holds();
}

// Contract rule 1: no call waits, sleeps or retries.
template <class Call>
auto at_once(Call&& call) {
  const auto begin = std::chrono::steady_clock::now();
  auto result = call();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2)) << "the call waited";
  return result;
}

inline OpId op(const std::string& step, int attempt = 1) { return {"r-0001", step, attempt}; }

}  // namespace slipway::contract

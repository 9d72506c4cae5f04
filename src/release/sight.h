#pragma once
// Sight: what an observation says, in the machine's words.
#include <string>
#include <utility>

#include "release/machine.h"

namespace slipway::release {

struct Sight {
  EventKind kind = EventKind::Settled;  // … Absent, Bad, Inconclusive, Narrow, Widen, Lost
  std::string why;
  Millis after{100};     // Pending: when to look again
  bool verdict = false;  // Bad: a judgement, not a broken effect

  static Sight settled(std::string why = {}) {
    return {EventKind::Settled, std::move(why), Millis(0), false};
  }
  static Sight pending(std::string why, Millis after) {
    return {EventKind::Pending, std::move(why), after, false};
  }
  static Sight absent(std::string why) {
    return {EventKind::Absent, std::move(why), Millis(0), false};
  }
  static Sight bad(std::string why) { return {EventKind::Bad, std::move(why), Millis(0), false}; }
  static Sight judged_bad(std::string why) {
    return {EventKind::Bad, std::move(why), Millis(0), true};
  }
  static Sight inconclusive(std::string why) {
    return {EventKind::Inconclusive, std::move(why), Millis(0), false};
  }
  static Sight lost(std::string why) { return {EventKind::Lost, std::move(why), Millis(0), false}; }
  static Sight turned(bool narrow, std::string why) {
    return {narrow ? EventKind::Narrow : EventKind::Widen, std::move(why), Millis(0), false};
  }
};

}  // namespace slipway::release

#pragma once
// A target that fails is left alone for a while, then tried with one request, and left alone for
// longer when that fails too. What is known of a target is shared by all workers, without a lock.
#include <cstdint>
#include <memory>
#include <vector>

#include "edge/runtime.h"
#include "edge/traffic.h"

namespace slipway::edge {

// Not sick, and not left alone (or its time is over).
bool is_well(const TargetRuntime& target, std::uint64_t now_ms);
// Takes the one trial of a target whose time is over; true at once for one that never failed.
// False: another request was quicker.
bool claim_trial(TargetRuntime& target, const Ejection& rule, std::uint64_t now_ms);

// It answered.
void note_answer(TargetRuntime& target);

enum class Trouble : std::uint8_t { Connect, BadAnswer };
// `siblings`: all targets of its release, of which not too many may be left alone at once.
void note_trouble(TargetRuntime& target, Trouble trouble, const Ejection& rule,
                  const std::vector<std::shared_ptr<TargetRuntime>>& siblings,
                  std::uint64_t now_ms);

// How long a target is left alone the nth time in a row (from 0).
std::uint64_t ejection_ms(const Ejection& rule, std::uint32_t nth);

}  // namespace slipway::edge

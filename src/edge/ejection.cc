#include "edge/ejection.h"

#include <algorithm>

namespace slipway::edge {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::uint32_t kMostDoublings = 20;

// May one more be left alone?
bool has_room(const Ejection& rule, const std::vector<std::shared_ptr<TargetRuntime>>& siblings,
              std::uint64_t now_ms) {
  const auto alone = static_cast<std::size_t>(std::count_if(
      siblings.begin(), siblings.end(),
      [&](const auto& sibling) { return sibling->ejected_until_ms.load(kRelaxed) > now_ms; }));
  if (siblings.size() < 2) return false;
  const std::size_t most =
      std::max<std::size_t>(1, siblings.size() * static_cast<std::size_t>(rule.max_percent) / 100);
  return rule.max_percent > 0 && alone < most;
}

}  // namespace

bool is_well(const TargetRuntime& target, std::uint64_t now_ms) {
  return target.ejected_until_ms.load(kRelaxed) <= now_ms && !target.sick.load(kRelaxed);
}

bool claim_trial(TargetRuntime& target, const Ejection& rule, std::uint64_t now_ms) {
  std::uint64_t until = target.ejected_until_ms.load(kRelaxed);
  if (until == 0) return true;
  if (until > now_ms) return false;
  // A trial that is never answered ends by itself, and the next one begins.
  const std::uint64_t next = now_ms + static_cast<std::uint64_t>(rule.first.count());
  if (!target.ejected_until_ms.compare_exchange_strong(until, next, kRelaxed)) return false;
  target.on_trial.store(true, kRelaxed);
  return true;
}

void note_answer(TargetRuntime& target) {
  const bool clean = target.connect_failures.load(kRelaxed) == 0 &&
                     target.bad_answers.load(kRelaxed) == 0 &&
                     target.ejected_until_ms.load(kRelaxed) == 0;
  if (clean) return;
  target.connect_failures.store(0, kRelaxed);
  target.bad_answers.store(0, kRelaxed);
  target.ejections.store(0, kRelaxed);
  target.on_trial.store(false, kRelaxed);
  target.ejected_until_ms.store(0, kRelaxed);
}

void note_trouble(TargetRuntime& target, Trouble trouble, const Ejection& rule,
                  const std::vector<std::shared_ptr<TargetRuntime>>& siblings,
                  std::uint64_t now_ms) {
  const bool connect = trouble == Trouble::Connect;
  const int limit = connect ? rule.connect_failures : rule.bad_answers;
  if (limit == 0) return;
  auto& in_a_row = connect ? target.connect_failures : target.bad_answers;
  const std::uint32_t failures = in_a_row.fetch_add(1, kRelaxed) + 1;
  std::uint64_t until = target.ejected_until_ms.load(kRelaxed);
  const bool trial = target.on_trial.load(kRelaxed);
  if (until > now_ms && !trial) return;  // of a request from before it was left alone
  if (!trial && (failures < static_cast<std::uint32_t>(limit) || !has_room(rule, siblings, now_ms)))
    return;
  const std::uint32_t nth = target.ejections.load(kRelaxed);
  if (!target.ejected_until_ms.compare_exchange_strong(until, now_ms + ejection_ms(rule, nth),
                                                       kRelaxed))
    return;
  target.on_trial.store(false, kRelaxed);
  target.ejections.store(nth + 1, kRelaxed);
}

std::uint64_t ejection_ms(const Ejection& rule, std::uint32_t nth) {
  const auto first = static_cast<std::uint64_t>(rule.first.count());
  const auto most = static_cast<std::uint64_t>(rule.most.count());
  return std::min(first << std::min(nth, kMostDoublings), most);
}

}  // namespace slipway::edge

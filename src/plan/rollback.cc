// The steps back to a kept release. Nothing is judged: going back is the answer to a judgement.
#include "plan/draft.h"

namespace slipway::plan {
namespace {
void start_and_probe(Draft& draft, const config::Service& service) {
  draft.start(service);
  draft.probe(service);
}

void retire_replaced(Draft& draft) {
  for (auto old = draft.replaced().rbegin(); old != draft.replaced().rend(); ++old) {
    if (!old->listens) draft.retire_at_end(*old);
  }
  draft.drain_old();
  for (auto old = draft.replaced().rbegin(); old != draft.replaced().rend(); ++old) {
    if (old->listens) draft.retire_at_end(*old);
  }
}

// The target's instances still run: the switch comes first, everything else after it.
void write_warm(Draft& draft) {
  const auto& services = draft.plan().settings.services;
  for (const auto& service : services) {
    if (service.listens) draft.probe_warm(service);
  }
  draft.shift(100);
  for (const auto& service : services) {
    if (!service.listens) start_and_probe(draft, service);
  }
  draft.promote();
  retire_replaced(draft);
  draft.notify();
}

void write_cold(Draft& draft) {
  draft.preflight();
  for (const auto& service : draft.plan().settings.services) start_and_probe(draft, service);
  draft.shift(100);
  draft.promote();
  retire_replaced(draft);
  draft.notify();
}

// Old and new must not or cannot stand side by side: what is live stops first.
void write_cold_one_at_a_time(Draft& draft) {
  draft.preflight();
  if (draft.can().maintenance) draft.maintenance();
  draft.drain_old();
  for (auto old = draft.replaced().rbegin(); old != draft.replaced().rend(); ++old) {
    draft.retire_before_end(*old);
  }
  for (const auto& service : draft.plan().settings.services) start_and_probe(draft, service);
  draft.shift(100);
  draft.promote();
  draft.notify();
}
}  // namespace

void write_rollback(Draft& draft, bool warm) {
  if (warm) return write_warm(draft);
  const bool alone = draft.plan().strategy == config::Strategy::Recreate;
  if (alone && draft.has_old()) return write_cold_one_at_a_time(draft);
  write_cold(draft);
}

}  // namespace slipway::plan

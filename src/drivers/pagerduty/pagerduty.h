#pragma once
// PagerDuty, Events API v2 (developer.pagerduty.com/docs/send-alert-event, send-change-event). What
// opens a subject triggers, what closes it resolves, under one dedup_key: repetitions are one
// incident. What happens to a release is a change event too.
#include <memory>
#include <vector>

#include "drivers/posting/posting.h"

namespace slipway::drivers::pagerduty {

inline constexpr const char* kAddress = "https://events.pagerduty.com";

struct Event {
  std::string path;  // "/v2/enqueue" or "/v2/change/enqueue"
  Json body;
};
// One or two, in the order in which they are sent.
std::vector<Event> events_of(const ports::Notice& notice, const std::string& routing_key);
std::unique_ptr<ports::Notifier> make_notifier(posting::Place place);

}  // namespace slipway::drivers::pagerduty

#pragma once
// The outbox: notices that wait to be sent, kept by the store. A notice enters it in the
// transaction of the journal record that causes it, so that neither is there without the other;
// from then on it is sent at least once to each channel, or put down as dead with the reason.
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "ports/notice.h"

namespace slipway::ports {

struct Address {
  std::string channel;  // its name; with the notice's app it says which queue this is
  Json settings;        // config::to_json(Channel): references to secrets, no values
};

// A notice and where it goes; to nowhere: it is kept for the history alone.
struct Telling {
  Notice notice;
  std::vector<Address> to;
};

enum class DeliveryState { Waiting, Sent, Dead };
std::string_view name_of(DeliveryState state);
DeliveryState delivery_state_named(std::string_view name);  // Waiting when there is none

// One notice to one channel.
struct Delivery {
  std::int64_t id = 0;  // by the store, rising
  Notice notice;
  Address to;
  DeliveryState state = DeliveryState::Waiting;
  int attempts = 0;
  std::int64_t next_ms = 0;   // Waiting: not before
  std::int64_t ended_ms = 0;  // Sent, Dead: since when
  std::string error;          // why the newest attempt failed; empty: it did not
};

}  // namespace slipway::ports

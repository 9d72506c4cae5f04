#include "ports/outbox.h"

namespace slipway::ports {

std::string_view name_of(DeliveryState state) {
  switch (state) {
    case DeliveryState::Waiting:
      return "waiting";
    case DeliveryState::Sent:
      return "sent";
    case DeliveryState::Dead:
      return "dead";
  }
  return "";
}

DeliveryState delivery_state_named(std::string_view name) {
  for (const auto state : {DeliveryState::Sent, DeliveryState::Dead}) {
    if (name_of(state) == name) return state;
  }
  return DeliveryState::Waiting;
}

}  // namespace slipway::ports

#pragma once
// Slack's incoming webhook (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks). The
// secret is its address. It cannot be asked what it has got, so a repetition is a second message;
// both show the notice's key.
#include <memory>

#include "drivers/posting/posting.h"

namespace slipway::drivers::slack {

Json message_of(const ports::Notice& notice);
std::unique_ptr<ports::Notifier> make_notifier(posting::Place place);

}  // namespace slipway::drivers::slack

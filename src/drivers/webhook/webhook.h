#pragma once
// A webhook of somebody's own: the notice as JSON, signed (docs/formats/notices.md).
#include <memory>

#include "drivers/posting/posting.h"

namespace slipway::drivers::webhook {

// What stands in Slipway-Signature: "v1=" and the HMAC of "<timestamp>.<body>".
std::string signature_of(const std::string& key, const std::string& timestamp,
                         const std::string& body);
std::unique_ptr<ports::Notifier> make_notifier(posting::Place place, Clock& clock);

}  // namespace slipway::drivers::webhook

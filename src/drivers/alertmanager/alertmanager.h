#pragma once
// Prometheus Alertmanager, API v2 (POST /api/v2/alerts). The labels of a subject and severity are
// the alert's identity: repetitions are one alert, and what closes a subject ends its alerts of every severity.
#include <memory>

#include "drivers/posting/posting.h"

namespace slipway::drivers::alertmanager {

Json alerts_of(const ports::Notice& notice);  // an array, as it is posted
std::unique_ptr<ports::Notifier> make_notifier(posting::Place place);

}  // namespace slipway::drivers::alertmanager

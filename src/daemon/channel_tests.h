#pragma once
// A test message: goes the way of every notice, says that nothing has happened, and proves that a
// channel can be reached.
#include <string>

#include "config/config.h"
#include "ports/outbox.h"
#include "ports/store.h"

namespace slipway::daemon {

// channel: the one it is for; empty: all. Usage when there is none, or none of that name.
Result<ports::Telling> test_telling(const ports::AppRef& app, const config::Environment& settings,
                                    const std::string& channel, const std::string& by,
                                    std::int64_t now_ms);
bool is_test(const ports::Notice& notice, const ports::AppRef& app);

}  // namespace slipway::daemon

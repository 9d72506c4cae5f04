#pragma once
// Feature flags as services of flags answer: LaunchDarkly's list of flags, Unleash's features and
// toggles, or a plain map { "new-checkout": true }, alone or under "flags".
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace slipway::checks {

// By name; nullopt: it is there, and does not say whether it is on in this environment.
using Flags = std::map<std::string, std::optional<bool>>;
Result<Flags> read_flags(std::string_view text, std::string_view environment);

}  // namespace slipway::checks

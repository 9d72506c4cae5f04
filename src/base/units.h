#pragma once
// Durations, percents and sizes as people write them in slipway.yaml: "30s", "1h30m", "10%",
// "512MiB".
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace slipway {
// "250ms", "30s", "5m", "1h30m", "2d"; a bare "0" is zero; nothing else. nullopt when not a
// duration.
std::optional<Millis> parse_duration(std::string_view text);
std::string to_text(Millis duration);  // shortest exact form: "90s" -> "1m30s"
// "10%", "0.5%": the number before the sign, 0..100.
std::optional<double> parse_percent(std::string_view text);
std::string percent_text(double percent);  // "10%", "0.5%"
// "512MiB", "1GiB", "64KiB", "1000" (bytes).
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string size_text(std::uint64_t bytes);
}  // namespace slipway

#pragma once
// What every reader of a report needs: its time, its version, and text of a stranger's made fit to
// be shown.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace slipway::checks {

// Larger ones are refused: reports of real projects are far below.
constexpr std::size_t kMostReportBytes = std::size_t{16} << 20;

// Milliseconds since 1970 of "2026-11-21T10:00:00.123Z" or "…+01:00" (RFC 3339); nullopt for
// anything else, also without a zone.
std::optional<std::int64_t> moment_of(std::string_view text);
// Printable, one line, at most so many bytes.
std::string shown(std::string_view text, std::size_t most = 80);
// Whether a name such as "registry/shop:v1.5.0" is about this version; "1.5.0" and "v1.5.0" are the
// same.
bool is_about(std::string_view name, std::string_view version);
// The JSON of a report. Malformed says `what` it was to be.
Result<Json> read_json(std::string_view text, std::string_view what);

}  // namespace slipway::checks

#pragma once
// Bytes as lower-case hexadecimal digits, two for each, and back.
#include <optional>
#include <string>
#include <string_view>

namespace slipway {
std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view text);  // nullopt: not what to_hex writes
}  // namespace slipway

#pragma once
// W3C Trace Context, level 1: the header that ties what one request causes together.
#include <array>
#include <cstdint>
#include <string_view>

namespace slipway::edge {

// version "-" trace id "-" parent id "-" flags; ids of zeros and version ff are invalid, a version
// above 00 may have more behind the flags.
bool is_traceparent(std::string_view text);

// A new trace: "00-<16 bytes>-<8 bytes>-01". It is marked as sampled: an application that samples
// as its parent does would otherwise never record a thing.
using NewTraceparent = std::array<char, 55>;
NewTraceparent new_traceparent(const std::array<std::uint64_t, 3>& random);

// All digits of a number. By hand: the general formatter costs more than all the rest of a head.
using HexText = std::array<char, 16>;
HexText hex_of(std::uint64_t value);

}  // namespace slipway::edge

#pragma once
// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, 2012; the 128-bit form of their
// reference code): a pseudo-random function of short texts. Without the key nobody can say what a
// value becomes, nor try values until one fits.
#include <cstdint>
#include <string_view>

namespace slipway::database::copy {

struct Key128 {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

struct Hash128 {
  std::uint64_t low = 0;   // bytes 0 to 7, little-endian
  std::uint64_t high = 0;  // bytes 8 to 15
};

Hash128 siphash128(const Key128& key, std::string_view bytes);
// Of the word (eight bytes, little-endian) and the bytes behind it.
Hash128 siphash128(const Key128& key, std::uint64_t word, std::string_view bytes);

// A key of its own for each name, so that two domains under one key have nothing in common.
Key128 derived_key(const Key128& key, std::string_view name);
// From a secret of any length.
Key128 key_of_secret(std::string_view secret);

}  // namespace slipway::database::copy

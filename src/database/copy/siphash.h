#pragma once
// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, 2012; the 128-bit form of their
// reference code): a pseudo-random function of short texts. Without the key nobody can say what a
// value becomes, nor try values until one fits.
#include <cstdint>
#include <string_view>

#include "base/siphash_state.h"

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

// The same of texts that begin with one word (eight bytes, little-endian), whose share is computed
// once.
class WordHash {
 public:
  WordHash(const Key128& key, std::uint64_t word);
  Hash128 both(std::string_view bytes) const;
  // Hash128::low alone, for two thirds of the work.
  std::uint64_t low(std::string_view bytes) const;

 private:
  SipState state_;
};

// A key of its own for each name, so that two domains under one key have nothing in common.
Key128 derived_key(const Key128& key, std::string_view name);
// From a secret of any length.
Key128 key_of_secret(std::string_view secret);

}  // namespace slipway::database::copy

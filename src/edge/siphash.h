#pragma once
// SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012): without the key
// nobody can say what a value hashes to, so nobody can choose values that fall together.
#include <cstdint>
#include <string_view>

namespace slipway::edge {

struct HashKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};
HashKey hash_key_of(std::string_view text);
std::uint64_t keyed_hash(const HashKey& key, std::string_view text);
// Of the domain (eight bytes, little-endian) and the text behind it.
std::uint64_t keyed_hash(const HashKey& key, std::uint64_t domain, std::string_view text);

}  // namespace slipway::edge

#include "database/copy/siphash.h"

#include <cstring>

#include "base/digest.h"
#include "base/hex.h"

namespace slipway::database::copy {
namespace {

// The 128-bit form differs from the 64-bit one in v1 here, and in what follows the input.
SipState begin(const Key128& key) {
  SipState state = SipState::of_key(key.first, key.second);
  state.v1 ^= 0xee;
  return state;
}

// Fewer than eight bytes as a word. A copy of unknown length is a call; these are not.
std::uint64_t tail_of(const char* at, std::size_t count) {
  std::uint64_t out = 0;
  unsigned shift = 0;
  const auto take = [&](auto piece) {
    std::memcpy(&piece, at, sizeof piece);
    out |= std::uint64_t{piece} << shift;
    at += sizeof piece;
    shift += 8 * sizeof piece;
  };
  if ((count & 4) != 0) take(std::uint32_t{});
  if ((count & 2) != 0) take(std::uint16_t{});
  if ((count & 1) != 0) take(std::uint8_t{});
  return out;
}

std::uint64_t finish_low(SipState& state, std::size_t before, std::string_view bytes) {
  const std::uint64_t length = before + bytes.size();
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    state.take(word);
  }
  state.take(length << 56 | tail_of(bytes.data(), bytes.size()));
  state.v2 ^= 0xee;
  return state.give();
}

Hash128 finish(SipState state, std::size_t before, std::string_view bytes) {
  Hash128 out;
  out.low = finish_low(state, before, bytes);
  state.v1 ^= 0xdd;
  out.high = state.give();
  return out;
}

}  // namespace

Hash128 siphash128(const Key128& key, std::string_view bytes) {
  return finish(begin(key), 0, bytes);
}

WordHash::WordHash(const Key128& key, std::uint64_t word) : state_(begin(key)) {
  state_.take(word);
}
Hash128 WordHash::both(std::string_view bytes) const {
  return finish(state_, sizeof(std::uint64_t), bytes);
}
std::uint64_t WordHash::low(std::string_view bytes) const {
  SipState state = state_;
  return finish_low(state, sizeof(std::uint64_t), bytes);
}

Key128 derived_key(const Key128& key, std::string_view name) {
  const Hash128 hash = siphash128(key, name);
  return {hash.low, hash.high};
}

Key128 key_of_secret(std::string_view secret) {
  const std::string digest = *from_hex(sha256_hex(secret));
  Key128 key;
  std::memcpy(&key.first, digest.data(), sizeof key.first);
  std::memcpy(&key.second, digest.data() + sizeof key.first, sizeof key.second);
  return key;
}

}  // namespace slipway::database::copy

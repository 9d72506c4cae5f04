#include "database/copy/siphash.h"

#include <cstring>

#include "base/digest.h"
#include "base/hex.h"
#include "base/siphash_state.h"

namespace slipway::database::copy {
namespace {

// The 128-bit form differs from the 64-bit one in v1 here, and in what follows the input.
SipState begin(const Key128& key) {
  SipState state = SipState::of_key(key.first, key.second);
  state.v1 ^= 0xee;
  return state;
}

Hash128 finish(SipState state, std::size_t before, std::string_view bytes) {
  state.take_rest(before, bytes);
  state.v2 ^= 0xee;
  Hash128 out;
  out.low = state.give();
  state.v1 ^= 0xdd;
  out.high = state.give();
  return out;
}

}  // namespace

Hash128 siphash128(const Key128& key, std::string_view bytes) {
  return finish(begin(key), 0, bytes);
}

Hash128 siphash128(const Key128& key, std::uint64_t word, std::string_view bytes) {
  SipState state = begin(key);
  state.take(word);
  return finish(state, sizeof word, bytes);
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

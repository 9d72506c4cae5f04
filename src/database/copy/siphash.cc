#include "database/copy/siphash.h"

#include <bit>
#include <cstring>

#include "base/digest.h"
#include "base/hex.h"

namespace slipway::database::copy {
namespace {

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void take(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
  std::uint64_t give() {
    round();
    round();
    round();
    round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

State begin(const Key128& key) {
  // The 128-bit form differs from the 64-bit one in v1 here, and in the 0xee below.
  return {0x736f6d6570736575 ^ key.first, 0x646f72616e646f6d ^ 0xee ^ key.second,
          0x6c7967656e657261 ^ key.first, 0x7465646279746573 ^ key.second};
}

// `before`: bytes that were taken already.
Hash128 finish(State state, std::size_t before, std::string_view bytes) {
  std::uint64_t last = std::uint64_t{before + bytes.size()} << 56;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    state.take(word);
  }
  std::uint64_t rest = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    rest |= std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  state.take(last | rest);
  state.v2 ^= 0xee;
  Hash128 out;
  out.low = state.give();
  state.v1 ^= 0xdd;
  out.high = state.give();
  return out;
}

}  // namespace

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

Hash128 siphash128(const Key128& key, std::string_view bytes) {
  return finish(begin(key), 0, bytes);
}

Hash128 siphash128(const Key128& key, std::uint64_t word, std::string_view bytes) {
  State state = begin(key);
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

#include "edge/siphash.h"

#include <bit>
#include <cstring>

#include "base/digest.h"

namespace slipway::edge {
namespace {

std::uint64_t hex_number(std::string_view digits) {
  std::uint64_t number = 0;
  for (char c : digits)
    number = number * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  return number;
}

struct SipState {
  std::uint64_t v0, v1, v2, v3;
  void rounds(int count) {
    for (int i = 0; i < count; ++i) {
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
  }
  void take(std::uint64_t word) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
};

SipState begin(const HashKey& key) {
  return {0x736f6d6570736575 ^ key.first, 0x646f72616e646f6d ^ key.second,
          0x6c7967656e657261 ^ key.first, 0x7465646279746573 ^ key.second};
}

// `before`: bytes that were taken already.
std::uint64_t finish(SipState state, std::size_t before, std::string_view text) {
  std::uint64_t last = std::uint64_t{before + text.size()} << 56;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    state.take(word);
  }
  for (std::size_t i = 0; i < text.size(); ++i)
    last |= std::uint64_t{static_cast<std::uint8_t>(text[i])} << (8 * i);
  state.take(last);
  state.v2 ^= 0xff;
  state.rounds(4);
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace

HashKey hash_key_of(std::string_view text) {
  const std::string digest = sha256_hex(text);
  return {hex_number(std::string_view(digest).substr(0, 16)),
          hex_number(std::string_view(digest).substr(16, 16))};
}

std::uint64_t keyed_hash(const HashKey& key, std::string_view text) {
  return finish(begin(key), 0, text);
}

std::uint64_t keyed_hash(const HashKey& key, std::uint64_t domain, std::string_view text) {
  SipState state = begin(key);
  state.take(domain);
  return finish(state, sizeof domain, text);
}

}  // namespace slipway::edge

#pragma once
// The inner state of SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
// What is put in front and behind makes its 64-bit and its 128-bit form: edge/siphash.cc,
// database/copy/siphash.cc.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace slipway {

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  static SipState of_key(std::uint64_t first, std::uint64_t second) {
    return {0x736f6d6570736575 ^ first, 0x646f72616e646f6d ^ second, 0x6c7967656e657261 ^ first,
            0x7465646279746573 ^ second};
  }
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
  // The whole rest of the input; `before`: bytes that were taken already.
  void take_rest(std::size_t before, std::string_view text) {
    static_assert(std::endian::native == std::endian::little, "words are read as they lie");
    std::uint64_t last = std::uint64_t{before + text.size()} << 56;
    for (; text.size() >= 8; text.remove_prefix(8)) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data(), sizeof word);
      take(word);
    }
    for (std::size_t i = 0; i < text.size(); ++i)
      last |= std::uint64_t{static_cast<std::uint8_t>(text[i])} << (8 * i);
    take(last);
  }
  std::uint64_t give() {
    rounds(4);
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

}  // namespace slipway

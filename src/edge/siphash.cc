#include "edge/siphash.h"

#include "base/digest.h"
#include "base/siphash_state.h"

namespace slipway::edge {
namespace {

std::uint64_t hex_number(std::string_view digits) {
  std::uint64_t number = 0;
  for (char c : digits)
    number = number * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  return number;
}

SipState begin(const HashKey& key) { return SipState::of_key(key.first, key.second); }

std::uint64_t finish(SipState state, std::size_t before, std::string_view text) {
  state.take_rest(before, text);
  state.v2 ^= 0xff;
  return state.give();
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

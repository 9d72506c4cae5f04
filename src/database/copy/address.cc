#include "database/copy/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace slipway::database::copy {
namespace {
constexpr std::size_t kLongest = INET6_ADDRSTRLEN;
}  // namespace

AddressPermutation::AddressPermutation(const Key128& key) : permutation_(key, 256) {}

bool AddressPermutation::apply_text(std::string_view text, std::string& out) const {
  if (text.size() >= kLongest) return false;
  std::array<char, kLongest> written{};
  std::copy(text.begin(), text.end(), written.begin());
  std::array<std::uint8_t, 16> bytes{};
  const int family = text.find(':') == std::string_view::npos ? AF_INET : AF_INET6;
  if (::inet_pton(family, written.data(), bytes.data()) != 1) return false;
  // Another spelling of an address must not become the same text as this one.
  std::array<char, kLongest> usual{};
  ::inet_ntop(family, bytes.data(), usual.data(), usual.size());
  if (text != usual.data()) return false;
  apply_bytes(std::span(bytes).first(family == AF_INET ? 4 : 16));
  ::inet_ntop(family, bytes.data(), usual.data(), usual.size());
  out += usual.data();
  return true;
}

}  // namespace slipway::database::copy

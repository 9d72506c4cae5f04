#include "edge/trace.h"

#include <endian.h>

#include <cstring>

namespace slipway::edge {
namespace {

constexpr std::size_t kSize = 55;  // of version 00

bool is_lower_hex(std::string_view text) {
  for (char c : text) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

bool is_id(std::string_view text) {
  return is_lower_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

bool is_traceparent(std::string_view text) {
  if (text.size() < kSize || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  const std::string_view version = text.substr(0, 2);
  if (!is_lower_hex(version) || version == "ff") return false;
  if (text.size() > kSize && (version == "00" || text[kSize] != '-')) return false;
  return is_id(text.substr(3, 32)) && is_id(text.substr(36, 16)) &&
         is_lower_hex(text.substr(53, 2));
}

namespace {

// Each half byte in a byte of its own, the first digit in the highest; then arithmetic on all eight
// at once, where a digit above nine carries into the bit above its half.
void put_eight(std::uint32_t value, char* to) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  std::uint64_t x = value;
  x = (x | x << 16) & 0x0000'ffff'0000'ffff;
  x = (x | x << 8) & 0x00ff'00ff'00ff'00ff;
  x = (x | x << 4) & 0x0f0f'0f0f'0f0f'0f0f;
  const std::uint64_t above_nine = (x + kOnes * 6) >> 4 & kOnes;
  const std::uint64_t digits = htobe64(x + kOnes * '0' + above_nine * ('a' - '0' - 10));
  std::memcpy(to, &digits, sizeof digits);
}

}  // namespace

HexText hex_of(std::uint64_t value) {
  HexText text;
  put_eight(static_cast<std::uint32_t>(value >> 32), text.data());
  put_eight(static_cast<std::uint32_t>(value), text.data() + 8);
  return text;
}

NewTraceparent new_traceparent(const std::array<std::uint64_t, 3>& random) {
  NewTraceparent text;
  const auto put = [&text](std::size_t at, const HexText& id) {
    std::memcpy(text.data() + at, id.data(), id.size());
  };
  text[0] = text[1] = '0';
  text[2] = text[35] = text[52] = '-';
  put(3, hex_of(random[0]));
  put(19, hex_of(random[1] | 1));
  put(36, hex_of(random[2] | 1));
  text[53] = '0';
  text[54] = '1';
  return text;
}

}  // namespace slipway::edge

#pragma once
// Character classes of RFC 9110 and RFC 3986, and the names of the headers the parser must know.
// A table and no arithmetic on letter case: or-ing 0x20 would make '\r' look like '-'.
#include <array>
#include <cstdint>
#include <string_view>

#include "http/parser.h"

namespace slipway::http {

inline constexpr std::uint8_t kTokenBit = 1;
inline constexpr std::uint8_t kFieldBit = 2;   // VCHAR, SP, HTAB, obs-text
inline constexpr std::uint8_t kTargetBit = 4;  // VCHAR without "#"
inline constexpr std::uint8_t kHostBit = 8;    // unreserved, sub-delims, "%"
inline constexpr std::uint8_t kHexBit = 16;

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    const bool visible = c > 0x20 && c < 0x7f;
    if (visible || c == ' ' || c == '\t' || c >= 0x80)
      classes[static_cast<std::size_t>(c)] |= kFieldBit;
    if (visible && c != '#') classes[static_cast<std::size_t>(c)] |= kTargetBit;
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alnum) classes[static_cast<std::size_t>(c)] |= kTokenBit | kHostBit;
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
      classes[static_cast<std::size_t>(c)] |= kHexBit;
  }
  for (char c : std::string_view("!#$%&'*+-.^_`|~"))
    classes[static_cast<std::uint8_t>(c)] |= kTokenBit;
  for (char c : std::string_view("-._~!$&'()*+,;=%"))
    classes[static_cast<std::uint8_t>(c)] |= kHostBit;
  return classes;
}
inline constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

inline bool has_class(char c, std::uint8_t bit) {
  return (kClasses[static_cast<std::uint8_t>(c)] & bit) != 0;
}
inline bool is_token_char(char c) { return has_class(c, kTokenBit); }
inline bool is_field_char(char c) { return has_class(c, kFieldBit); }
inline bool is_target_char(char c) { return has_class(c, kTargetBit); }
inline bool is_host_char(char c) { return has_class(c, kHostBit); }
inline bool is_hex_char(char c) { return has_class(c, kHexBit); }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_ows(char c) { return c == ' ' || c == '\t'; }
constexpr std::array<char, 256> make_lowered() {
  std::array<char, 256> lowered{};
  for (int c = 0; c < 256; ++c) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    lowered[static_cast<std::size_t>(c)] = static_cast<char>(is_upper ? c + ('a' - 'A') : c);
  }
  return lowered;
}
inline constexpr std::array<char, 256> kLowered = make_lowered();
inline char to_lower(char c) { return kLowered[static_cast<std::uint8_t>(c)]; }

// Is every byte one that a field value may have? Eight are looked at in one step; a tab, which few
// values have, makes the slower look.
bool are_field_chars(std::string_view text);
// uri-host [ ":" port ], not empty (RFC 9110 section 7.2).
bool is_host(std::string_view text);
Known known_header(std::string_view name);

}  // namespace slipway::http

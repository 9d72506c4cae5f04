#include "edge/trace.h"

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

void append_hex(std::string& out, std::uint64_t value, std::size_t digits) {
  std::array<char, 16> text;
  for (std::size_t i = digits; i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  out.append(text.data(), digits);
}

void append_traceparent(const std::array<std::uint64_t, 3>& random, std::string& out) {
  out.append("00-");
  append_hex(out, random[0], 16);
  append_hex(out, random[1] | 1, 16);
  out.append("-");
  append_hex(out, random[2] | 1, 16);
  out.append("-01");
}

}  // namespace slipway::edge

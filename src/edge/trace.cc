#include "edge/trace.h"

#include <fmt/format.h>

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

void append_traceparent(const std::array<std::uint64_t, 3>& random, std::string& out) {
  fmt::format_to(std::back_inserter(out), "00-{:016x}{:016x}-{:016x}-01", random[0], random[1] | 1,
                 random[2] | 1);
}

}  // namespace slipway::edge

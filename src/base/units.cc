#include "base/units.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>

namespace slipway {
namespace {
struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array<Unit, 5> kUnits{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::int64_t kLongest = 3650LL * 86'400'000;

const Unit* unit_at(std::string_view text) {
  if (text.substr(0, 2) == "ms") return &kUnits[0];
  for (const auto& unit : kUnits) {
    if (unit.name.size() == 1 && !text.empty() && text[0] == unit.name[0]) return &unit;
  }
  return nullptr;
}

// A decimal number at the front of `text`, which is advanced past it.
std::optional<double> take_number(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && ((text[n] >= '0' && text[n] <= '9') || text[n] == '.')) ++n;
  double value = 0;
  const auto [end, err] = std::from_chars(text.data(), text.data() + n, value);
  if (n == 0 || err != std::errc() || end != text.data() + n) return std::nullopt;
  text.remove_prefix(n);
  return value;
}
}  // namespace

std::optional<Millis> parse_duration(std::string_view text) {
  if (text == "0") return Millis(0);
  if (text.empty()) return std::nullopt;
  double total = 0;
  std::int64_t last = kLongest + 1;
  while (!text.empty()) {
    const auto number = take_number(text);
    const Unit* unit = number ? unit_at(text) : nullptr;
    if (unit == nullptr || unit->ms >= last) return std::nullopt;
    total += *number * static_cast<double>(unit->ms);
    last = unit->ms;
    text.remove_prefix(unit->name.size());
  }
  if (total > static_cast<double>(kLongest)) return std::nullopt;
  return Millis(std::llround(total));
}

std::string to_text(Millis duration) {
  auto rest = duration.count();
  if (rest == 0) return "0s";
  std::string out = rest < 0 ? "-" : "";
  rest = std::abs(rest);
  for (auto unit = kUnits.rbegin(); unit != kUnits.rend(); ++unit) {
    if (rest < unit->ms) continue;
    out += fmt::format("{}{}", rest / unit->ms, unit->name);
    rest %= unit->ms;
  }
  return out;
}

std::optional<double> parse_percent(std::string_view text) {
  const auto number = take_number(text);
  if (!number || text != "%" || *number > 100) return std::nullopt;
  return number;
}

std::string percent_text(double percent) { return fmt::format("{:g}%", percent); }

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  double scale = 1;
  if (text == "KiB")
    scale = 1024;
  else if (text == "MiB")
    scale = 1024.0 * 1024;
  else if (text == "GiB")
    scale = 1024.0 * 1024 * 1024;
  else if (!text.empty() && text != "B")
    return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*number * scale));
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 4> kNames{"B", "KiB", "MiB", "GiB"};
  std::size_t i = 0;
  while (i + 1 < kNames.size() && bytes >= 1024 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++i;
  }
  return fmt::format("{}{}", bytes, kNames[i]);
}
}  // namespace slipway

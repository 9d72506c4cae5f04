#include "config/database_measure.h"

#include <cmath>

#include "base/units.h"

namespace slipway::config {
namespace {
using enum DatabaseMeasure::Unit;
constexpr DatabaseMeasure kMeasures[] = {
#define DATABASE_MEASURE(name, unit, figure, help) {#name, unit, #figure, help},
#include "config/database_measure.def"
};
}  // namespace

std::span<const DatabaseMeasure> database_measures() { return kMeasures; }

const DatabaseMeasure* database_measure(std::string_view name) {
  for (const auto& one : kMeasures)
    if (one.name == name) return &one;
  return nullptr;
}

std::string measure_text(const DatabaseMeasure& measure, double value) {
  switch (measure.unit) {
    case Percent:
      return percent_text(std::round(value * 10) / 10);
    case Duration: {
      const double seconds = value < 10 ? std::round(value * 10) / 10 : std::round(value);
      return to_text(Millis(std::llround(seconds * 1000)));
    }
    case Size: {
      constexpr double kMiB = 1024.0 * 1024.0;
      const auto step = static_cast<std::uint64_t>(value >= kMiB ? kMiB : 1);
      return size_text(static_cast<std::uint64_t>(value) / step * step);
    }
    case Count:
      return std::to_string(std::llround(value));
  }
  return {};
}

}  // namespace slipway::config

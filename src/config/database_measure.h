#pragma once
// The names of what is measured of a database: one table for conditions, figures and the docs.
#include <span>
#include <string>
#include <string_view>

namespace slipway::config {

struct DatabaseMeasure {
  enum class Unit { Percent, Duration, Size, Count };
  std::string_view name;    // "db_connections"
  Unit unit;
  std::string_view figure;  // "slipway_database_connections_percent"
  std::string_view help;
};
std::span<const DatabaseMeasure> database_measures();
const DatabaseMeasure* database_measure(std::string_view name);  // nullptr: there is none
// "87.5%", "1m30s", "1.5GiB", "3"
std::string measure_text(const DatabaseMeasure& measure, double value);

}  // namespace slipway::config

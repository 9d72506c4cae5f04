#include "checks/load_report.h"

#include <array>
#include <cmath>

#include "base/text.h"
#include "base/units.h"
#include "checks/reading.h"
#include "config/values.h"

namespace slipway::checks {
namespace {
constexpr std::array<std::string_view, 4> kFigures{"p95_ms", "p99_ms", "error_rate", "rps"};

Error malformed(std::string what) {
  return {Code::Malformed, "the report of the load test " + std::move(what),
          "k6's summary as JSON is understood, and lines such as p95=230ms"};
}

Result<void> put(LoadReport& report, std::string_view name, double value) {
  if (!std::isfinite(value) || value < 0)
    return malformed("gives no number of its own for " + std::string(name));
  report.figures[std::string(name)] = value;
  return ok();
}

// k6 exports a metric's values beside it, and hands them to handleSummary under "values".
const Json& values_of(const Json& metrics, std::string_view name) {
  const Json& metric = metrics.at(name);
  return metric.at("values").is_object() ? metric.at("values") : metric;
}

Result<LoadReport> read_k6(const Json& metrics) {
  LoadReport report;
  const Json& times = values_of(metrics, "http_req_duration");
  for (const auto& [name, member] :
       std::map<std::string, const char*>{{"p95_ms", "p(95)"}, {"p99_ms", "p(99)"}}) {
    if (times.at(member).is_number()) TRY(put(report, name, times.number(member)));
  }
  const Json& failed = values_of(metrics, "http_req_failed");
  for (const auto* member : {"value", "rate"}) {
    if (failed.at(member).is_number()) TRY(put(report, "error_rate", 100 * failed.number(member)));
  }
  const Json& requests = values_of(metrics, "http_reqs");
  if (requests.at("count").is_number() && requests.number("count") <= 0)
    return malformed("made no request");
  if (requests.at("rate").is_number()) TRY(put(report, "rps", requests.number("rate")));
  if (report.figures.empty()) return malformed("has none of k6's HTTP metrics");
  return report;
}

Result<LoadReport> read_named(const Json& json) {
  LoadReport report;
  for (const auto name : kFigures) {
    if (!json.at(name).is_number()) continue;
    // As k6 has it: a share, not percents.
    TRY(put(report, name, json.number(name) * (name == "error_rate" ? 100 : 1)));
  }
  if (!json.text("version").empty()) report.subjects.push_back(shown(json.text("version"), 200));
  report.created_ms = moment_of(json.text("created")).value_or(0);
  if (report.figures.empty()) return malformed("has none of p95_ms, p99_ms, error_rate, rps");
  return report;
}

// "230ms", "1.5s", "0.2%", "450"; a share without its sign becomes percents.
std::optional<double> number_of(std::string_view name, std::string_view text) {
  if (name == "error_rate") {
    if (text.ends_with('%')) return config::parse_number(text.substr(0, text.size() - 1));
    const auto share = config::parse_number(text);
    return share && *share <= 1 ? std::optional(*share * 100) : std::nullopt;
  }
  if (name == "rps") return config::parse_number(text);
  for (const auto& [unit, factor] : std::array<std::pair<std::string_view, double>, 3>{
           {{"ms", 1}, {"us", 0.001}, {"s", 1000}}}) {
    if (!text.ends_with(unit)) continue;
    const auto number = config::parse_number(text.substr(0, text.size() - unit.size()));
    return number ? std::optional(*number * factor) : std::nullopt;
  }
  return name.ends_with("_ms") ? config::parse_number(text) : std::nullopt;
}

Result<void> read_word(LoadReport& report, std::string_view word) {
  const auto equals = word.find('=');
  if (equals == word.npos) return ok();
  const auto name = word.substr(0, equals);
  const auto text = word.substr(equals + 1);
  if (name == "version") report.subjects.push_back(shown(text, 200));
  if (name == "created") report.created_ms = moment_of(text).value_or(0);
  for (const auto figure : kFigures) {
    const bool is_time = figure.ends_with("_ms");
    if (name != figure && !(is_time && name == figure.substr(0, 3))) continue;
    const auto number = number_of(name, text);
    if (!number) return malformed("says " + shown(word) + ", which is not understood");
    return put(report, figure, *number);
  }
  return ok();
}

Result<LoadReport> read_lines(std::string_view text) {
  LoadReport report;
  for (const auto line : split(text, '\n')) {
    for (const auto word : split(line, ' ')) TRY(read_word(report, trim(word)));
  }
  if (report.figures.empty()) return malformed("has none of p95, p99, error_rate, rps");
  return report;
}
}  // namespace

Result<LoadReport> read_load(std::string_view text) {
  if (text.size() > kMostReportBytes) return malformed("is larger than 16 MiB");
  if (!trim(text).starts_with('{')) return read_lines(text);
  const auto json = TRY(read_json(text, "the report of the load test"));
  return json.at("metrics").is_object() ? read_k6(json.at("metrics")) : read_named(json);
}

}  // namespace slipway::checks

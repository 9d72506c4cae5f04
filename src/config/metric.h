#pragma once
// Metrics: sources of evidence beside what the router counts. Each is one number of the new
// release, asked for again and again, and the bound it must keep. Values only.
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "config/channel.h"

namespace slipway::config {

// "95", "2x baseline"
struct MetricBound {
  double limit = 0;
  bool relative = false;  // times what the same question says of the old release
  friend bool operator==(const MetricBound&, const MetricBound&) = default;
};
std::optional<MetricBound> parse_metric_bound(std::string_view text);

// {app}, {environment}, {release} and {version} in prometheus' query, get and run are replaced.
struct Metric {
  enum class Source { Prometheus, Http, Command };
  enum class Side { Above, Below };  // where it fails
  std::string name;
  Source source = Source::Prometheus;
  std::string at;     // the server's address, the address that is asked, the command
  std::string query;  // Prometheus only
  std::string field;  // of a JSON answer: "data.rate"; empty: the answer is the number
  Side side = Side::Above;
  MetricBound bound;
  std::string text;  // as written: "below 95"
  Millis hold{0};    // `for`
  Millis every{10'000};
  Millis timeout{5'000};
  bool dry_run = false;  // judged and shown, and does not decide
  SecretRef secret;      // its name is empty: none
  friend bool operator==(const Metric&, const Metric&) = default;
};
Json to_json(const Metric& metric);
Metric metric_from_json(const Json& json);

}  // namespace slipway::config

#pragma once
// Measures: numbers from outside that a release is judged by. Asking never waits; what came of it
// is fetched later.
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "config/metric.h"

namespace slipway::ports {

struct MetricQuestion {
  config::Metric metric;
  std::map<std::string, std::string> names;  // app, environment, release, version
  std::string dir;                           // of slipway.yaml, where commands run
};

class Measures {
 public:
  virtual ~Measures() = default;
  // Begins to ask, and returns at once. While the same key is being asked, this does nothing.
  virtual void ask(const std::string& key, const MetricQuestion& question) = 0;
  // What came of it, once; nullopt: nothing yet. An answer that is no number is an error. It comes
  // within the metric's time-out and a little, whatever the other side does.
  virtual std::optional<Result<double>> take(const std::string& key) = 0;
};

// The text with {app}, {environment}, {release} and {version} replaced; other braces stay.
std::string with_names(std::string text, const std::map<std::string, std::string>& names);

}  // namespace slipway::ports

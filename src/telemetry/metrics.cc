#include "telemetry/metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/assert.h"

namespace slipway::telemetry {
namespace {
// A label whose values never end would fill the memory: beyond this many series a new one is
// dropped.
constexpr std::size_t kMostSeries = 1000;

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value);
  return {text, end.ptr};
}

std::string escaped(std::string_view value, bool quotes) {
  std::string out;
  for (const char c : value) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

// a="1",b="2" without the braces, so that le can be added.
std::string text_of(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out += ',';
    out += name + "=\"" + escaped(value, true) + "\"";
  }
  return out;
}

std::string braced(const std::string& labels) { return labels.empty() ? "" : "{" + labels + "}"; }

bool is_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}
}  // namespace

Metrics::Family& Metrics::declare(std::string name, Kind kind, std::string help) {
  ASSERT(is_name(name));
  const std::lock_guard lock(mutex_);
  Family& family = families_[std::move(name)];
  family.kind = kind;
  family.help = std::move(help);
  return family;
}

void Metrics::counter(std::string name, std::string help) {
  declare(std::move(name), Kind::Counter, std::move(help));
}
void Metrics::gauge(std::string name, std::string help) {
  declare(std::move(name), Kind::Gauge, std::move(help));
}
void Metrics::histogram(std::string name, std::string help, std::vector<double> bounds) {
  ASSERT(std::is_sorted(bounds.begin(), bounds.end()));
  declare(std::move(name), Kind::Histogram, std::move(help)).bounds = std::move(bounds);
}

Metrics::Family& Metrics::family(std::string_view name, Kind kind) {
  const auto found = families_.find(name);
  ASSERT(found != families_.end() && found->second.kind == kind);
  return found->second;
}

Metrics::Series* Metrics::series(Family& family, const Labels& labels) {
  const std::string key = text_of(labels);
  const auto found = family.series.find(key);
  if (found != family.series.end()) return &found->second;
  if (family.series.size() >= kMostSeries) return nullptr;
  Series& made = family.series[key];
  made.buckets.resize(family.bounds.size());
  return &made;
}

void Metrics::add(std::string_view name, const Labels& labels, double by) {
  ASSERT(by >= 0);
  const std::lock_guard lock(mutex_);
  if (Series* s = series(family(name, Kind::Counter), labels)) s->value += by;
}

void Metrics::set(std::string_view name, const Labels& labels, double value) {
  const std::lock_guard lock(mutex_);
  if (Series* s = series(family(name, Kind::Gauge), labels)) s->value = value;
}

void Metrics::observe(std::string_view name, const Labels& labels, double value) {
  const std::lock_guard lock(mutex_);
  Family& found = family(name, Kind::Histogram);
  Series* s = series(found, labels);
  if (s == nullptr) return;
  s->value += value;
  ++s->count;
  const auto bucket = std::lower_bound(found.bounds.begin(), found.bounds.end(), value);
  if (bucket != found.bounds.end())
    ++s->buckets[static_cast<std::size_t>(bucket - found.bounds.begin())];
}

void Metrics::remove(std::string_view name, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  family(name, Kind::Gauge).series.erase(text_of(labels));
}

void Metrics::clear(std::string_view name) {
  const std::lock_guard lock(mutex_);
  family(name, Kind::Gauge).series.clear();
}

double Metrics::value(std::string_view name, const Labels& labels) const {
  const std::lock_guard lock(mutex_);
  const auto found = families_.find(name);
  if (found == families_.end()) return 0;
  const auto one = found->second.series.find(text_of(labels));
  return one == found->second.series.end() ? 0 : one->second.value;
}

void Metrics::put_histogram(std::string& out, const std::string& name, const std::string& labels,
                            const Family& family, const Series& series) {
  const std::string lead = labels.empty() ? "" : labels + ",";
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < family.bounds.size(); ++i) {
    below += series.buckets[i];
    out += name + "_bucket{" + lead + "le=\"" + number(family.bounds[i]) + "\"} " +
           std::to_string(below) + "\n";
  }
  out += name + "_bucket{" + lead + "le=\"+Inf\"} " + std::to_string(series.count) + "\n";
  out += name + "_sum" + braced(labels) + " " + number(series.value) + "\n";
  out += name + "_count" + braced(labels) + " " + std::to_string(series.count) + "\n";
}

std::string Metrics::text() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    if (family.series.empty()) continue;
    const char* kind = family.kind == Kind::Counter ? "counter"
                       : family.kind == Kind::Gauge ? "gauge"
                                                    : "histogram";
    out += "# HELP " + name + " " + escaped(family.help, false) + "\n# TYPE " + name + " " + kind +
           "\n";
    for (const auto& [labels, series] : family.series) {
      if (family.kind == Kind::Histogram) {
        put_histogram(out, name, labels, family, series);
      } else {
        out += name + braced(labels) + " " + number(series.value) + "\n";
      }
    }
  }
  return out;
}

}  // namespace slipway::telemetry

#pragma once
// Metrics: counters, gauges and histograms, written as Prometheus text (exposition format 0.0.4).
// Any thread may write. A family must be declared before it is used; an undeclared name is a bug.
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::telemetry {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Metrics {
 public:
  void counter(std::string name, std::string help);
  void gauge(std::string name, std::string help);
  // bounds: upper bounds, rising, without +Inf.
  void histogram(std::string name, std::string help, std::vector<double> bounds);

  void add(std::string_view name, const Labels& labels = {}, double by = 1);
  void set(std::string_view name, const Labels& labels, double value);
  void observe(std::string_view name, const Labels& labels, double value);
  // Forgets one series; what it tells of is gone.
  void remove(std::string_view name, const Labels& labels);
  // Forgets every series of a gauge, so that what is gone is no longer told.
  void clear(std::string_view name);

  double value(std::string_view name,
               const Labels& labels = {}) const;  // counters and gauges; 0 when unseen
  std::string text() const;

 private:
  enum class Kind { Counter, Gauge, Histogram };
  struct Series {
    double value = 0;  // counter, gauge; sum of a histogram
    std::uint64_t count = 0;
    std::vector<std::uint64_t> buckets;
  };
  struct Family {
    Kind kind = Kind::Counter;
    std::string help;
    std::vector<double> bounds;
    std::map<std::string, Series> series;  // by the text of the labels
  };
  Family& declare(std::string name, Kind kind, std::string help);
  Series* series(Family& family, const Labels& labels);
  Family& family(std::string_view name, Kind kind);
  static void put_histogram(std::string& out, const std::string& name, const std::string& labels,
                            const Family& family, const Series& series);

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace slipway::telemetry

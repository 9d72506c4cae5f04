#include "telemetry/metrics.h"

#include <gtest/gtest.h>

namespace slipway::telemetry {
namespace {

TEST(Metrics, WritesACounterWithItsHelpAndType) {
  Metrics metrics;
  metrics.counter("releases_total", "Releases that ended.");
  metrics.add("releases_total", {{"outcome", "completed"}});
  metrics.add("releases_total", {{"outcome", "completed"}}, 2);
  EXPECT_EQ(metrics.text(),
            "# HELP releases_total Releases that ended.\n# TYPE releases_total counter\n"
            "releases_total{outcome=\"completed\"} 3\n");
}

TEST(Metrics, EscapesLabelValuesSoThatTheyCannotEndTheLine) {
  Metrics metrics;
  metrics.gauge("g", "x");
  metrics.set("g", {{"why", "a\"b\\c\nd"}}, 1.5);
  EXPECT_NE(metrics.text().find("g{why=\"a\\\"b\\\\c\\nd\"} 1.5\n"), std::string::npos);
}

TEST(Metrics, HistogramBucketsAreCumulativeAndTheLastHoldsAll) {
  Metrics metrics;
  metrics.histogram("step_seconds", "x", {0.1, 1});
  metrics.observe("step_seconds", {{"kind", "start"}}, 0.1);
  metrics.observe("step_seconds", {{"kind", "start"}}, 0.5);
  metrics.observe("step_seconds", {{"kind", "start"}}, 7);
  const std::string text = metrics.text();
  EXPECT_NE(text.find("step_seconds_bucket{kind=\"start\",le=\"0.1\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("step_seconds_bucket{kind=\"start\",le=\"1\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find("step_seconds_bucket{kind=\"start\",le=\"+Inf\"} 3\n"), std::string::npos);
  EXPECT_NE(text.find("step_seconds_sum{kind=\"start\"} 7.6\n"), std::string::npos);
  EXPECT_NE(text.find("step_seconds_count{kind=\"start\"} 3\n"), std::string::npos);
}

TEST(Metrics, AFamilyWithoutValuesIsNotWritten) {
  Metrics metrics;
  metrics.gauge("running", "x");
  EXPECT_EQ(metrics.text(), "");
  metrics.set("running", {}, 1);
  metrics.clear("running");
  EXPECT_EQ(metrics.text(), "");
}

TEST(Metrics, ARemovedSeriesIsNoLongerTold) {
  Metrics metrics;
  metrics.gauge("g", "x");
  metrics.set("g", {{"release", "r-1"}}, 1);
  metrics.set("g", {{"release", "r-2"}}, 2);
  metrics.remove("g", {{"release", "r-1"}});
  EXPECT_EQ(metrics.text().find("r-1"), std::string::npos);
  EXPECT_NE(metrics.text().find("r-2"), std::string::npos);
}

TEST(Metrics, StopsAddingSeriesAtItsLimit) {
  Metrics metrics;
  metrics.counter("c", "x");
  for (int i = 0; i < 1500; ++i) metrics.add("c", {{"i", std::to_string(i)}});
  EXPECT_EQ(metrics.value("c", {{"i", "0"}}), 1);
  EXPECT_EQ(metrics.value("c", {{"i", "1400"}}), 0);
}

TEST(Metrics, UsingAnUndeclaredNameIsABug) {
  Metrics metrics;
  EXPECT_DEATH(metrics.add("unheard_of"), "");
}

}  // namespace
}  // namespace slipway::telemetry

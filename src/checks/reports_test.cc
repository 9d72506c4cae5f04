// Reports of tests, flags and load tests.
#include <gtest/gtest.h>

#include "checks/judgement.h"
#include "checks/test_report.h"

namespace slipway::checks {
namespace {

constexpr std::string_view kJUnit = R"(<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment with <testcase> in it -->
<testsuites name="all" tests="4" failures="1" errors="0">
  <testsuite name="cart" tests="4" failures="1">
    <testcase classname="Cart" name="adds &amp; removes" time="0.1"/>
    <testcase classname='Cart' name='pays'><failure message="no > yes">at <![CDATA[ <error> ]]></failure></testcase>
    <testcase classname="Cart" name="later"><skipped/></testcase>
    <testcase name="alone"></testcase>
    <system-out>failure</system-out>
  </testsuite>
</testsuites>)";

TEST(TestReport, JUnitIsCountedCaseByCase) {
  const auto report = read_tests(kJUnit);
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_EQ(report->tests, 4);
  EXPECT_EQ(report->failed, 1);
  EXPECT_EQ(report->skipped, 1);
  EXPECT_EQ(report->names, std::vector<std::string>{"Cart pays"});
}

TEST(TestReport, ASuiteThatSaysMoreFailedThanItShowsIsBelieved) {
  const auto report = read_tests(R"(<testsuite tests="9" failures="1" errors="2"></testsuite>)");
  EXPECT_EQ(report->tests, 9);
  EXPECT_EQ(report->failed, 3);
}

TEST(TestReport, TotalsOfJestMochaAndPlainOnesAreRead) {
  EXPECT_EQ(read_tests(R"({ "numTotalTests": 7, "numFailedTests": 2 })")->failed, 2);
  EXPECT_EQ(read_tests(R"({ "stats": { "tests": 5, "failures": 0 } })")->tests, 5);
  EXPECT_EQ(read_tests(R"({ "tests": 3, "failures": 0, "errors": 1 })")->failed, 1);
}

TEST(TestReport, WhatIsCutOffOrMadeToHurtIsNoReport) {
  std::string deep = "<testsuite>";
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  std::string wide = "<testsuite ";
  for (int i = 0; i < 100; ++i) wide += "a" + std::to_string(i) + "='' ";
  for (const auto& text : std::vector<std::string>{
           "", "<html></html>", "<testsuite", "<testsuite>", "<testsuite><testcase>",
           "<testsuite></testcase>", "<testsuite><!-- ", "<testsuite a></testsuite>",
           "<testsuite a='></testsuite>", "<!DOCTYPE x [<!ENTITY a 'b'>]><testsuite></testsuite>",
           "<a><testsuite></testsuite></a>", "{ \"tests\": 3 }", "{", deep, wide + "></testsuite>",
           std::string((16U << 20) + 1, '<')}) {
    EXPECT_FALSE(read_tests(text)) << text.substr(0, 60);
  }
}

TEST(FlagReport, LaunchDarklyIsReadInItsEnvironment) {
  const auto flags = read_flags(R"({ "items": [
      { "key": "checkout", "environments": { "production": { "on": true }, "test": { "on": false } } },
      { "key": "old", "archived": true }, { "key": "elsewhere", "environments": { "test": { "on": true } } } ] })",
                                "production");
  EXPECT_EQ(*flags, (Flags{{"checkout", true}, {"elsewhere", std::nullopt}}));
}

TEST(FlagReport, UnleashAndPlainMapsAreRead) {
  EXPECT_EQ(*read_flags(R"({ "version": 2, "features": [ { "name": "a", "enabled": true },
      { "name": "b", "environments": [ { "name": "prod", "enabled": false } ] } ] })",
                        "prod"),
            (Flags{{"a", true}, {"b", false}}));
  EXPECT_EQ(*read_flags(R"({ "toggles": [ { "name": "a", "enabled": false } ] })", ""),
            (Flags{{"a", false}}));
  EXPECT_EQ(*read_flags(R"({ "flags": { "a": "on", "b": { "enabled": false }, "c": 7 } })", ""),
            (Flags{{"a", true}, {"b", false}, {"c", std::nullopt}}));
  EXPECT_FALSE(read_flags("on", ""));
}

TEST(FlagReport, IsJudgedFlagByFlag) {
  const Flags flags{{"a", true}, {"b", false}, {"c", std::nullopt}};
  EXPECT_EQ(judge(flags, {{"a", "on"}, {"b", "present"}, {"c", "present"}}, "prod").why,
            "a on, b present, c present");
  const auto no = judge(flags, {{"a", "off"}, {"b", "on"}, {"c", "on"}, {"d", "present"}}, "prod");
  EXPECT_FALSE(no.open);
  EXPECT_EQ(no.why,
            "has a on, it must be off; has b off, it must be on; does not say whether c is on in "
            "prod; has no flag d");
}

constexpr std::string_view kK6 = R"k6({ "metrics": {
    "http_req_duration": { "avg": 100, "p(95)": 240.5, "p(99)": 800 },
    "http_req_failed": { "passes": 2, "fails": 998, "value": 0.002 },
    "http_reqs": { "count": 1000, "rate": 250.4 } } })k6";
constexpr std::string_view kK6Handed = R"k6({ "metrics": {
    "http_req_duration": { "type": "trend", "values": { "p(95)": 240.5, "p(99)": 800 } },
    "http_req_failed": { "values": { "rate": 0.002 } },
    "http_reqs": { "values": { "count": 1000, "rate": 250.4 } } } })k6";
constexpr std::string_view kNoRequest = R"k6({ "metrics": {
    "http_req_duration": { "p(95)": 0 }, "http_reqs": { "count": 0 } } })k6";

void expect_figures(const Result<LoadReport>& report,
                    const std::map<std::string, double>& figures) {
  ASSERT_TRUE(report) << report.error().sentence();
  ASSERT_EQ(report->figures.size(), figures.size());
  for (const auto& [name, value] : figures)
    EXPECT_NEAR(report->figures.at(name), value, 1e-9) << name;
}

TEST(LoadReport, TheSummaryOfK6IsReadInBothItsForms) {
  const std::map<std::string, double> figures{
      {"p95_ms", 240.5}, {"p99_ms", 800}, {"error_rate", 0.2}, {"rps", 250.4}};
  expect_figures(read_load(kK6), figures);
  expect_figures(read_load(kK6Handed), figures);
}

TEST(LoadReport, LinesAndNamedFiguresAreRead) {
  const std::map<std::string, double> figures{{"p95_ms", 1500}, {"error_rate", 0.5}, {"rps", 12}};
  expect_figures(read_load("version=v1.5.0\np95=1.5s error_rate=0.5%\nrps=12 and=more"), figures);
  expect_figures(read_load("p95_ms=1500 error_rate=0.005 rps=12"), figures);
  expect_figures(read_load(R"({ "p95_ms": 1500, "error_rate": 0.005, "rps": 12 })"), figures);
}

TEST(LoadReport, WhatSaysNothingOrNonsenseIsNoReport) {
  for (const std::string_view text :
       {std::string_view(""), std::string_view("hello"), std::string_view("p95=fast"),
        std::string_view("p95=10"), std::string_view("p95=-5ms"), std::string_view("rps=nan"),
        std::string_view("rps=inf"), std::string_view("error_rate=7"), std::string_view("{}"),
        std::string_view(R"({ "metrics": {} })"), std::string_view(R"({ "p95_ms": -1 })"),
        std::string_view(R"({ "p95_ms": 1e999 })"), kNoRequest}) {
    EXPECT_FALSE(read_load(text)) << text;
  }
}

TEST(LoadReport, IsJudgedAgainstItsBudgetAndWhatIsNotSaidIsNotWithin) {
  const auto report = read_load(kK6).value();
  EXPECT_EQ(judge(report, {{"p95_ms", 300}, {"rps", 200}}).why,
            "p95 240.5ms (at most 300ms), rps 250.4 (at least 200)");
  const auto no = judge(report, {{"p95_ms", 200}, {"rps", 300}, {"error_rate", 0.1}});
  EXPECT_FALSE(no.open);
  EXPECT_EQ(
      no.why,
      "has error_rate 0.2% (at most 0.1%); has p95 240.5ms (at most 200ms); has rps 250.4 (at "
      "least 300)");
  EXPECT_EQ(judge(read_load("rps=5").value(), {{"p95_ms", 1}}).why, "does not say p95");
}

}  // namespace
}  // namespace slipway::checks

// Bytes of a stranger: whatever a report holds, reading it ends, in an answer or an error.
#include <gtest/gtest.h>

#include <random>

#include "checks/flag_report.h"
#include "checks/load_report.h"
#include "checks/reading.h"
#include "checks/scan_report.h"
#include "checks/test_report.h"

namespace slipway::checks {
namespace {

constexpr std::string_view kSeeds[] = {
    R"({"SchemaVersion":2,"ArtifactName":"a:v1","Results":[{"Vulnerabilities":[{"Severity":"LOW"}]}]})",
    R"({"runs":[{"tool":{"driver":{"rules":[{"id":"a","properties":{"security-severity":"9"}}]}},
        "results":[{"ruleId":"a","locations":[{"physicalLocation":{"region":{"startLine":1}}}]}]}]})",
    R"({"auditReportVersion":2,"vulnerabilities":{"a":{"severity":"high","via":["b"]}},
        "metadata":{"vulnerabilities":{"high":9223372036854775807,"low":1e300}}})",
    R"({"counts":{"critical":-1},"findings":[{"severity":null}]})",
    R"(<testsuite tests="9223372036854775807" failures="-1"><testcase name='a'/></testsuite>)",
    R"(<?xml?><a b="c"><!-- --><![CDATA[x]]></a>)",
    R"({"items":[{"key":"a","environments":{"p":{"on":true}}}],"flags":{"a":{}}})",
    R"({"metrics":{"http_reqs":{"rate":1,"count":2},"http_req_failed":{"values":{"rate":0.1}}}})",
    "p95=230ms error_rate=0.2% rps=450 created=2026-11-21T10:00:00Z version=v1\n",
};

std::string mutated(std::string text, std::mt19937& random) {
  static constexpr std::string_view kPieces = "{}[]<>/\"'=:,!-&\\%09eE\n\x01\xff";
  for (int i = 0; i < 3; ++i) {
    const auto at = random() % text.size();
    const char piece = kPieces[random() % kPieces.size()];
    const auto how = random() % 4;
    if (how == 0) text[at] = piece;
    if (how == 1) text.insert(at, 1, piece);
    if (how == 2) text.erase(at, 1 + random() % 5);
    if (how == 3) text.insert(at, text.substr(0, random() % 40));
    if (text.empty()) text = "x";
  }
  return text;
}

TEST(Hostile, MutatedReportsEndInAnAnswerOrAnError) {
  std::mt19937 random(7);
  int read = 0;
  for (const auto seed : kSeeds) {
    for (int i = 0; i < 2'000; ++i) {
      const auto text = mutated(std::string(seed), random);
      read += read_scan(text, "auto").has_value() ? 1 : 0;
      read += read_tests(text).has_value() ? 1 : 0;
      read += read_flags(text, "p").has_value() ? 1 : 0;
      const auto load = read_load(text);
      if (!load) continue;
      for (const auto& [name, value] : load->figures) EXPECT_GE(value, 0) << text;
    }
  }
  EXPECT_GT(read, 100) << "some must have been read, or nothing was tried";
}

TEST(Hostile, CountsThatAreTooLargeAddUpToNoCleanReport) {
  const auto report = read_scan(R"({"metadata":{"vulnerabilities":{"high":9223372036854775807,
      "moderate":1,"important":9223372036854775807}},"auditReportVersion":2})",
                                "auto");
  ASSERT_TRUE(report);
  EXPECT_GT(report->counts[1], 0);
}

}  // namespace
}  // namespace slipway::checks

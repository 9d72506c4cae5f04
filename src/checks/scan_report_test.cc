// Reports of scanners as they write them, and as nobody should.
#include "checks/scan_report.h"

#include <gtest/gtest.h>

#include "checks/judgement.h"

namespace slipway::checks {
namespace {

constexpr std::string_view kTrivy = R"({
  "SchemaVersion": 2, "CreatedAt": "2026-11-21T10:00:00Z",
  "ArtifactName": "registry.example/shop:v1.5.0", "ArtifactType": "container_image",
  "Metadata": { "RepoTags": ["shop:v1.5.0"] },
  "Results": [
    { "Target": "debian", "Vulnerabilities": [
      { "VulnerabilityID": "CVE-2026-2", "PkgName": "zlib", "InstalledVersion": "1.2", "Severity": "LOW" },
      { "VulnerabilityID": "CVE-2026-1", "PkgName": "openssl", "InstalledVersion": "3.0.1",
        "FixedVersion": "3.0.2", "Severity": "CRITICAL", "Title": "x" },
      { "VulnerabilityID": "CVE-2026-3", "PkgName": "bash", "Severity": "UNKNOWN" } ] },
    { "Target": "Dockerfile", "Misconfigurations": [
      { "ID": "DS002", "Severity": "HIGH", "Status": "FAIL" },
      { "ID": "DS001", "Severity": "HIGH", "Status": "PASS" } ] },
    { "Target": "app", "Secrets": [ { "RuleID": "aws-key", "Severity": "CRITICAL" } ] } ] })";

constexpr std::string_view kSarif = R"({
  "version": "2.1.0", "$schema": "x",
  "runs": [ {
    "tool": { "driver": { "name": "CodeQL", "rules": [
      { "id": "js/sql-injection", "properties": { "security-severity": "9.3" } },
      { "id": "js/unused", "defaultConfiguration": { "level": "note" } } ] } },
    "invocations": [ { "executionSuccessful": true, "endTimeUtc": "2026-11-20T10:00:00Z" } ],
    "versionControlProvenance": [ { "repositoryUri": "x", "revisionTag": "v1.5.0" } ],
    "results": [
      { "ruleId": "js/sql-injection", "level": "error", "locations": [ { "physicalLocation": {
          "artifactLocation": { "uri": "src/pay.js" }, "region": { "startLine": 12 } } } ] },
      { "ruleId": "js/sql-injection", "suppressions": [ { "kind": "inSource" } ] },
      { "ruleId": "js/sql-injection", "suppressions": [ { "kind": "external", "status": "rejected" } ] },
      { "ruleId": "js/sql-injection", "baselineState": "absent" },
      { "ruleId": "js/sql-injection", "kind": "pass" },
      { "ruleId": "js/unused" }, { "level": "error" }, { "ruleId": "other" } ] } ] })";

constexpr std::string_view kNpm = R"({ "auditReportVersion": 2, "vulnerabilities": {
    "lodash": { "name": "lodash", "severity": "high", "via": [ { "title": "Prototype pollution" } ] },
    "shop": { "name": "shop", "severity": "moderate", "via": [ "lodash" ] } },
  "metadata": { "vulnerabilities": { "info": 0, "low": 0, "moderate": 1, "high": 3, "critical": 0, "total": 4 } } })";

using Counts = std::array<std::int64_t, 5>;

TEST(Scan, ATrivyReportIsCountedBySeverityWithTheWorstFirst) {
  const auto report = read_scan(kTrivy, "auto");
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_EQ(report->format, "trivy");
  EXPECT_EQ(report->counts, (Counts{2, 1, 0, 1, 1}));
  EXPECT_EQ(report->worst.front().text, "CVE-2026-1 in openssl 3.0.1 (fixed in 3.0.2)");
  EXPECT_EQ(report->subjects.front(), "registry.example/shop:v1.5.0");
  EXPECT_EQ(report->created_ms, 1'795'255'200'000);
}

TEST(Scan, ASarifReportCountsWhatIsOpenByTheScoreOfItsRule) {
  const auto report = read_scan(kSarif, "auto");
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_EQ(report->counts, (Counts{2, 1, 1, 1, 0}))
      << "two injections, an error without a rule, a warning by default, a note";
  EXPECT_EQ(report->worst.front().text, "js/sql-injection in src/pay.js:12");
  EXPECT_EQ(report->subjects, std::vector<std::string>{"v1.5.0"});
}

TEST(Scan, OfNpmTheLargerNumberIsBelieved) {
  const auto report = read_scan(kNpm, "auto");
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_EQ(report->counts, (Counts{0, 3, 1, 0, 0}));
  EXPECT_EQ(report->worst.front().text, "lodash: Prototype pollution");
  const auto first = read_scan(R"({ "advisories": { "118": { "severity": "critical",
      "module_name": "minimist", "title": "Pollution" } }, "metadata": {} })",
                               "npm-audit");
  EXPECT_EQ(first->counts[0], 1);
}

TEST(Scan, AGenericReportListsOrCounts) {
  const auto list = read_scan(R"({ "version": "v2", "findings": [
      { "severity": "Critical", "id": "X-1", "package": "a" }, { "severity": "odd" } ] })",
                              "auto");
  EXPECT_EQ(list->counts, (Counts{1, 0, 0, 0, 1}));
  EXPECT_EQ(list->worst.front().text, "X-1 in a");
  EXPECT_EQ(read_scan(R"({ "counts": { "high": 7 } })", "generic")->counts[1], 7);
}

TEST(Scan, WhatIsNoReportIsNeverACleanOne) {
  const struct {
    std::string_view text;
    std::string_view format;
    std::string_view says;
  } kCases[] = {
      {"", "auto", "is not JSON"},
      {"null", "auto", "is not JSON"},
      {"{}", "auto", "neither 'findings' nor 'counts'"},
      {"[]", "auto", "neither 'findings' nor 'counts'"},
      {R"({ "runs": [] })", "auto", "has no run"},
      {R"({ "runs": [ { "invocations": [ { "executionSuccessful": false } ] } ] })", "auto",
       "did not end well"},
      {R"({ "error": { "code": "ENOLOCK", "summary": "no lockfile" } })", "auto", "no lockfile"},
      {R"({ "findings": [] })", "trivy", "not one of the format trivy"},
      {R"({ "findings": [ )", "auto", "is not JSON"},
  };
  for (const auto& one : kCases) {
    const auto report = read_scan(one.text, one.format);
    ASSERT_FALSE(report) << one.text;
    EXPECT_NE(report.error().what.find(one.says), std::string::npos) << report.error().what;
  }
}

TEST(Scan, ADocumentMadeToHurtIsRefusedOrRead) {
  EXPECT_FALSE(read_scan(std::string(100'000, '[') + std::string(100'000, ']'), "auto"));
  EXPECT_EQ(read_scan(std::string((16U << 20) + 1, ' '), "auto").error().code, Code::TooLarge);
  std::string many =
      R"({ "findings": [ {"severity":"critical","id":")" + std::string(5000, 'A') + "\\u001b[2J\"}";
  for (int i = 0; i < 50'000; ++i) many += R"(,{"severity":1,"id":{"a":[]}})";
  const auto report = read_scan(many + "] }", "auto");
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_EQ(report->counts, (Counts{1, 0, 0, 0, 50'000}));
  EXPECT_LE(report->worst.size(), 20U);
  EXPECT_LT(report->worst.front().text.size(), 100U);
  EXPECT_EQ(report->worst.front().text.find('\x1b'), std::string::npos);
}

TEST(Scan, IsJudgedBySeverityAndTheWorstAreNamed) {
  const auto report = read_scan(kTrivy, "auto").value();
  const auto no = judge(report, {{"critical", 0}, {"high", 1}});
  EXPECT_FALSE(no.open);
  EXPECT_EQ(
      no.why,
      "has 2 critical findings, 0 allowed: CVE-2026-1 in openssl 3.0.1 (fixed in 3.0.2); aws-key");
  const auto yes = judge(report, {{"critical", 2}});
  EXPECT_TRUE(yes.open);
  EXPECT_EQ(yes.why, "2 critical (2 allowed), 1 high, 1 low, 1 unknown");
}

}  // namespace
}  // namespace slipway::checks

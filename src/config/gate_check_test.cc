// Checklists, scans, flags and load tests, as slipway.yaml writes them.
#include "config/gate_check.h"

#include "config/load_test_kit.h"

namespace slipway::config {
namespace {
using Kind = GateCheck::Kind;

std::string with(const std::string& lines) {
  return "app: shop\nservices: { web: { run: serve } }\n" + lines;
}

std::vector<GateCheck> checks_of(const std::string& lines) {
  return environment_of(with(lines)).gates.checks;
}

TEST(GateChecks, AChecklistKeepsItsOrderButAsksNobodyBeforeItHasLookedItself) {
  const auto checks = checks_of(
      "roles: { qa: [kim, lee] }\n"
      "checklist:\n"
      "  - { name: told, ask: Support knows, from: [qa, ada] }\n"
      "  - { name: unit, tests: build/junit.xml, max_age: 1d }\n"
      "  - { name: backup, run: ./fresh, timeout: 5m, when: during, on_expiry: go-on }\n"
      "  - { name: tag, verify: tag, expires: 1h, on_expiry: hold }\n");
  ASSERT_EQ(checks.size(), 4U);
  EXPECT_EQ(checks[0].kind, Kind::Tests);
  EXPECT_EQ(checks[0].file, "build/junit.xml");
  EXPECT_EQ(checks[0].patience, (Patience{Millis(300'000), OnExpiry::Abort}));
  EXPECT_EQ(checks[1].when, GateCheck::When::During);
  EXPECT_EQ(checks[1].timeout, Millis(300'000));
  EXPECT_EQ(checks[1].patience.on_expiry, OnExpiry::GoOn);
  EXPECT_EQ(checks[2].kind, Kind::Tag);
  EXPECT_EQ(checks[2].patience, (Patience{Millis(3'600'000), OnExpiry::Hold}));
  EXPECT_TRUE(is_asked(checks[3]));
  EXPECT_EQ(checks[3].people, (std::vector<std::string>{"kim", "lee", "ada"}));
  EXPECT_EQ(checks[3].patience.expires, Millis(86'400'000));
}

TEST(GateChecks, AScanAllowsNothingCriticalUnlessItIsSaid) {
  const auto checks = checks_of(
      "scans:\n  - { name: image, report: trivy.json }\n"
      "  - { name: old, report: a.json, most: { critical: 2, high: 0 }, version: any }\n");
  EXPECT_EQ(checks[0].limits, (std::map<std::string, double>{{"critical", 0}}));
  EXPECT_FALSE(checks[0].any_version);
  EXPECT_EQ(checks[0].max_age, Millis(86'400'000));
  EXPECT_EQ(checks[1].limits, (std::map<std::string, double>{{"critical", 2}, {"high", 0}}));
  EXPECT_TRUE(checks[1].any_version);
}

TEST(GateChecks, FlagsAreAskedInTheEnvironmentOfThatNameUnlessItIsSaid) {
  const auto checks = checks_of(
      "secrets: { TOKEN: { env: T } }\n"
      "flags:\n  - { name: a, url: \"https://x/y\", secret: TOKEN, need: { checkout: on, b: off } "
      "}\n"
      "  - { name: b, file: f.json, environment: prod, need: { c: present } }\n");
  EXPECT_EQ(checks[0].environment, "production");
  EXPECT_EQ(checks[0].secret.env, "T");
  EXPECT_EQ(checks[0].flags,
            (std::map<std::string, std::string>{{"checkout", "on"}, {"b", "off"}}));
  EXPECT_EQ(checks[1].environment, "prod");
}

TEST(GateChecks, ALoadTestHasABudget) {
  const auto checks = checks_of(
      "load_tests: [ { name: peak, report: k6.json, p95: 300ms, error_rate: 0.5%, rps: 200 } ]\n");
  EXPECT_EQ(checks[0].limits,
            (std::map<std::string, double>{{"p95_ms", 300}, {"error_rate", 0.5}, {"rps", 200}}));
}

TEST(GateChecks, ComeBackFromTheStoreAsTheyWere) {
  const auto gates =
      environment_of(
          with("secrets: { TOKEN: { file: /t } }\n"
               "checklist:\n  - { name: a, file: x, contains: y, max_age: 2h, when: after }\n"
               "  - { name: b, variables: [A, B] }\n  - { name: c, ask: Well, from: [kim] }\n"
               "scans: [ { name: a, run: scan, most: { high: 1 }, version: any, format: sarif } ]\n"
               "flags: [ { name: a, url: \"http://x\", secret: TOKEN, need: { c: on } } ]\n"
               "load_tests: [ { name: a, report: r, p99: 1s, expires: 1h, on_expiry: go-on } ]\n"))
          .gates;
  ASSERT_EQ(gates.checks.size(), 6U);
  EXPECT_EQ(gates_from_json(to_json(gates)), gates);
  EXPECT_EQ(to_json(Gates{}).find("checks"), nullptr) << "what has none is stored as before";
}

TEST(GateChecks, EachMistakeIsToldWhereItStands) {
  const struct {
    std::string lines;
    std::string told;
  } kCases[] = {
      {"checklist: [ { ask: Well } ]",
       "3:14 an item of 'checklist' has no name | add one: the journal, `slipway plan` and "
       "--override call it by it"},
      {"checklist: [ { name: a } ]",
       "3:14 'a' of checklist says nothing to look at | give exactly one of: ask, run, file, "
       "tests, "
       "variables, verify"},
      {"checklist: [ { name: a, run: x, ask: y } ]",
       "3:33 'a' of checklist looks at more than one thing | give exactly one of: ask, run, file, "
       "tests, variables, verify"},
      {"checklist:\n  - { name: a, run: x }\n  - { name: a, run: y }",
       "5:13 'checklist' has two items named 'a', the first on line 4 | give one of them another "
       "name"},
      {"checklist: [ { name: a, run: x, from: [kim] } ]",
       "3:33 'a' of checklist has 'from', which goes with ask alone | take it away"},
      {"checklist: [ { name: a, ask: x, from: [] } ]",
       "3:33 'a' of checklist may be answered by nobody | name people or roles, or take 'from' "
       "away"},
      {"checklist: [ { name: a, verify: backup } ]",
       "3:33 'checklist.verify' is 'backup', which is not one of tag, rollback-plan, alerts"},
      {"checklist: [ { name: a, when: later, run: x } ]",
       "3:31 'checklist.when' is 'later', which is not one of before, during, after"},
      {"scans: [ { name: a, report: x, most: { critical: none } } ]",
       "3:50 'scans.most.critical' is 'none', which is not a whole number"},
      {"scans: [ { name: a, report: x, timeout: 1m } ]",
       "3:32 'a' of scans has 'timeout', which goes with run alone | take it away"},
      {"flags: [ { name: a, file: x } ]",
       "3:10 'a' of flags needs no flag | name them: need: { new-checkout: on }"},
      {"flags: [ { name: a, file: x, need: { c: maybe } } ]",
       "3:41 'flags.need.c' is 'maybe', which is not one of present, on, off"},
      {"flags: [ { name: a, url: x, need: { c: on } } ]",
       "3:26 'a' of flags has the address 'x' | it begins with https:// or http://"},
      {"flags: [ { name: a, url: \"http://x\", secret: TOK, need: { c: on } } ]",
       "3:46 'a' of flags names the secret 'TOK', which does not exist"},
      {"load_tests: [ { name: a, report: x } ]",
       "3:15 'a' of load_tests has no budget | give at least one of: p95, p99, error_rate, rps"},
  };
  for (const auto& one : kCases) {
    EXPECT_EQ(mistakes_of(with(one.lines)).substr(0, one.told.size()), one.told) << one.lines;
  }
}

}  // namespace
}  // namespace slipway::config

// Windows, freezes and what a hotfix skips, as slipway.yaml writes them.
#include "config/gates.h"

#include "config/load_test_kit.h"

namespace slipway::config {
namespace {

std::string with(const std::string& lines) {
  return "app: shop\nservices: { web: { run: serve } }\n" + lines;
}

TEST(Gates, AWindowAndItsFreezesAreRead) {
  const auto gates =
      environment_of(with("window: { days: tue-thu, hours: \"10:00-14:00\", expires: 2d, "
                          "on_expiry: hold }\n"
                          "freeze:\n"
                          "  - { from: 12-20, to: 12-26, why: holidays }\n"
                          "  - { week_of: black-friday }\n"
                          "  - { date: [2026-10-03, last fri of month] }\n"
                          "hotfix: { skips: [window] }\n"))
          .gates;
  EXPECT_EQ(gates.window.days, std::vector<std::string>{"tue-thu"});
  EXPECT_EQ(gates.window.hours, std::vector<std::string>{"10:00-14:00"});
  EXPECT_EQ(gates.window.zone, "UTC");
  EXPECT_EQ(gates.window.patience, (Patience{Millis(2 * 86'400'000), OnExpiry::Hold}));
  ASSERT_EQ(gates.freeze.size(), 3U);
  EXPECT_EQ(gates.freeze[0].dates, std::vector<std::string>{"12-20..12-26"});
  EXPECT_EQ(gates.freeze[0].why, "holidays");
  EXPECT_EQ(gates.freeze[1].week_of, "black-friday");
  EXPECT_EQ(gates.freeze[2].dates.size(), 2U);
  EXPECT_EQ(gates.hotfix_skips, std::vector<std::string>{"window"});
}

TEST(Gates, ApprovalsKeepTheRolesTheyName) {
  const auto gates = environment_of(with("roles: { qa: [kim, lee], leads: [ada] }\n"
                                         "approvals: { need: 2, from: [qa, bo], expires: 1h }\n"))
                         .gates;
  EXPECT_EQ(gates.approvals.need, 2);
  EXPECT_EQ(gates.approvals.from, (std::vector<std::string>{"qa", "bo"}));
  EXPECT_EQ(gates.approvals.roles.size(), 1U);
  EXPECT_EQ(gates.approvals.roles.at("qa"), (std::vector<std::string>{"kim", "lee"}));
  EXPECT_EQ(gates_from_json(to_json(gates)), gates);
}

TEST(Gates, WithoutKeysThereIsNoGate) {
  const auto gates = environment_of(with("")).gates;
  EXPECT_FALSE(gates.has_calendar());
  EXPECT_EQ(gates, Gates{});
}

TEST(Gates, ComeBackFromTheStoreAsTheyWere) {
  auto gates = environment_of(with("window: { days: [mon, wed-fri], hours: [\"08:00-10:00\", "
                                   "\"22:00-02:00\"], zone: Europe/Berlin }\n"
                                   "freeze: [ { holidays: h.ics, why: out } ]\n"))
                   .gates;
  gates.freeze[0].holidays.push_back({"Unity", "2020-10-03", 2, "FREQ=YEARLY", {"2026-10-03"}});
  EXPECT_EQ(gates_from_json(to_json(gates)), gates);
}

TEST(Gates, EachMistakeIsToldWhereItStands) {
  const struct {
    std::string lines;
    std::string told;
  } kCases[] = {
      {"window: { days: mo-fr }",
       "3:17 'window.days' is 'mo-fr', which is not weekdays such as tue-thu | "
       "write mon, tue, wed, thu, fri, sat, sun, ranges or several: mon, wed-fri"},
      {"window: { hours: 10-14 }",
       "3:18 'window.hours' is '10-14', which is not hours such as 10:00-14:00 | "
       "write \"10:00-14:00\""},
      {"window: { zone: ../etc }",
       "3:17 'window.zone' is '../etc', which is not a time zone such as "
       "Europe/Berlin | write it as in the time zone database: UTC, Europe/Berlin"},
      {"freeze: [ { date: blackfriday } ]",
       "3:19 'freeze.date' is 'blackfriday', which is not days such as 12-20..12-26, 4th thu of "
       "november or "
       "black-friday | did you mean 'black-friday'?"},
      {"freeze: [ { from: 12-20 } ]",
       "3:13 a freeze has 'from' without 'to' | give both; a single day is written 'date'"},
      {"freeze: [ { from: 2026-12-20, to: 01-02 } ]",
       "3:35 the freeze from 2026-12-20 to 01-02 is no range | write both with a year, the earlier "
       "one first, "
       "or both without"},
      {"freeze: [ { why: because } ]",
       "3:11 a freeze names no days | give exactly one of: date, from and to, week_of, holidays; "
       "two freezes "
       "are two items of the list"},
      {"freeze: [ { date: 12-24, week_of: christmas } ]",
       "3:26 a freeze names its days in more than one way | give exactly one of: date, from and "
       "to, week_of, "
       "holidays; two freezes are two items of the list"},
      {"freeze: [ { week_of: 12-20..12-26 } ]",
       "3:22 '12-20..12-26' is not one day, so it has no week | for example week_of: black-friday"},
      {"approvals: { need: 2 }",
       "3:1 approvals name nobody who may give them | add from, with people or roles: from: [qa]"},
      {"roles: { qa: [kim, lee] }\napprovals: { need: 4, from: [qa, ada] }",
       "4:20 4 approvals are needed, and 3 may give them: ada, kim, lee | name more people, or ask "
       "for fewer"},
      {"hotfix: { skips: [windows] }",
       "3:19 'hotfix.skips' is 'windows', which is not one of window, freeze, "
       "approvals, checklist, scans, flags, load_tests | did you mean 'window'?"},
  };
  for (const auto& one : kCases) EXPECT_EQ(mistakes_of(with(one.lines)), one.told);
}

}  // namespace
}  // namespace slipway::config

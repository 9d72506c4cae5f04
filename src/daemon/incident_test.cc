// An incident as a value: its clock, its message, the way to the store and back.
#include "daemon/incident.h"

#include <gtest/gtest.h>

#include "daemon/incident_timeline.h"

namespace slipway::daemon {
namespace {
using State = Response::State;
constexpr std::int64_t kNow = 1'763'721'062'000;  // 2025-11-21T10:31:02Z

Incident draft(Sev sev) {
  Incident out;
  out.id = "i-0007";
  out.app = {"shopflow", "production"};
  out.sev = sev;
  out.release = "r-0042";
  out.version = "v1.5.0";
  out.impact = "checkout is down";
  out.by = "kim";
  return out;
}

std::string message(const Incident& incident, std::int64_t left_ms = -1) {
  return message_text(message_lines(incident, kNow, left_ms));
}

TEST(Incident, FillsInTheMessageOfTheTemplate) {
  auto incident = opened(draft(Sev::One), {}, kNow);
  incident.response = {State::UnderWay, "r-0043", "r-0043 goes back to v1.4.2", kNow};
  EXPECT_EQ(message(incident, 4'000),
            "DEPLOYMENT INCIDENT\n\n"
            "Status: Investigating\n"
            "Severity: SEV1\n"
            "Impact: checkout is down\n"
            "Start Time: 2025-11-21T10:31:02Z\n"
            "Resolution: rolling back v1.5.0 (r-0042): r-0043 goes back to v1.4.2\n"
            "ETA: about 2025-11-21T10:31:06Z\n");
}

TEST(Incident, SaysBeforehandWhatFollowsWhenNobodyAssessesIt) {
  config::Incidents settings;
  EXPECT_NE(message(opened(draft(Sev::Two), settings, kNow))
                .find("without a word by 2025-11-21T10:46:02Z v1.5.0 (r-0042) is rolled back\n"
                      "ETA: a decision by 2025-11-21T10:46:02Z\n"),
            std::string::npos);
  settings.on_expiry = config::OnAssessExpiry::Hold;
  EXPECT_NE(message(opened(draft(Sev::Two), settings, kNow)).find("it waits for a person"),
            std::string::npos);
}

TEST(Incident, EachSeverityBeginsAsItIsAnswered) {
  const auto first = opened(draft(Sev::One), {}, kNow);
  EXPECT_EQ(first.response.state, State::Wanted);
  EXPECT_EQ(first.assess_by_ms, 0);
  const auto second = opened(draft(Sev::Two), {}, kNow);
  EXPECT_EQ(second.response.state, State::None);
  EXPECT_EQ(second.assess_by_ms - kNow, 900'000);
  EXPECT_EQ(second.remind_at_ms - kNow, 600'000);
  const auto third = opened(draft(Sev::Three), {}, kNow);
  EXPECT_EQ(third.status, "listed");
  EXPECT_NE(message(third).find("ETA: with the next release"), std::string::npos);
}

TEST(Incident, ComesBackFromTheStoreAsItWas) {
  auto incident = opened(draft(Sev::Two), {}, kNow);
  incident.number = 7;
  incident.alert = "CheckoutDown/9f";
  incident.told = true;
  incident.response = {State::Impossible, "r-0043", "no", 5};
  incident.resolution = "a | b\nc";
  incident.eta = "soon";
  const auto again = incident_of(row_of(incident));
  EXPECT_EQ(row_of(again).body, row_of(incident).body);
  EXPECT_EQ(again.response.state, State::Impossible);
  EXPECT_EQ(again.sev, Sev::Two);
  EXPECT_TRUE(again.told);
  ASSERT_EQ(again.events.size(), 1U);
}

TEST(Incident, KeepsItsBeginningAndItsNewestWords) {
  auto incident = opened(draft(Sev::Three), {}, kNow);
  for (int i = 0; i < 2'000; ++i) add_event(incident, {kNow + i, "alert", "", std::to_string(i)});
  EXPECT_EQ(incident.events.size(), kMostEvents);
  EXPECT_EQ(incident.events.front().kind, "opened");
  EXPECT_EQ(incident.events.back().text, "1999");
}

TEST(Incident, ANoticeOpensPagesAndItsEndClosesThem) {
  auto incident = opened(draft(Sev::One), {}, kNow);
  const auto begin = notice_of(incident, {"opened", "x", ports::Turn::Opens}, kNow, -1);
  EXPECT_EQ(begin.key, "i-0007/opened");
  EXPECT_EQ(begin.severity, ports::Severity::Critical);
  EXPECT_EQ(begin.text, "shopflow production: incident i-0007 (SEV1): x");
  incident.closed_ms = kNow + 60'000;
  incident.resolution = "rolled back";
  const auto end = notice_of(incident, {"closed", "y", ports::Turn::Closes}, kNow, -1);
  EXPECT_EQ(end.subject, begin.subject);
  EXPECT_EQ(end.severity, ports::Severity::Note);
  EXPECT_EQ(end.facts[4].second, "rolled back");
  EXPECT_EQ(end.facts[5].second, "resolved at 2025-11-21T10:32:02Z");
}

TEST(IncidentTimeline, IsSortedAndNoCellEndsEarly) {
  const auto incident = opened(draft(Sev::One), {}, kNow);
  const auto page =
      timeline_markdown(incident, message_lines(incident, kNow, -1),
                        {{kNow + 2'000, "incident", "second"}, {kNow, "alert", "a|b\nc"}});
  EXPECT_NE(page.find("| 2025-11-21 10:31:02 | alert | a\\|b c |\n"
                      "| 2025-11-21 10:31:04 | incident | second |\n"),
            std::string::npos)
      << page;
}

}  // namespace
}  // namespace slipway::daemon

#include "cli/history_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "cli/target.h"
#include "cli/timeline.h"

namespace slipway::cli {
namespace {
std::string outcome_of(const Json& row) {
  const std::string outcome = row.text("outcome");
  return outcome.empty() ? "running" : replace_all(outcome, "_", " ");
}

std::string remarks(const Json& row) {
  std::string out;
  if (row.flag("live")) out += "  live";
  if (row.text("kind") == "rollback") out += "  rollback";
  // The list has one line a release; `history r-0042` shows the whole reason.
  const std::string reason = row.text("reason");
  if (!reason.empty()) out += "  " + reason.substr(0, reason.find('\n'));
  return out;
}

// "  10:30:40  released: v2 is live  (team: sent)", and why where it was not.
std::string notice_lines(const Json& notice) {
  std::vector<std::string> states;
  std::string errors;
  for (const auto& one : notice.at("deliveries").items()) {
    states.push_back(one.text("channel") + ": " + one.text("state"));
    if (!one.text("error").empty())
      errors += fmt::format("            {}: {}\n", one.text("channel"), one.text("error"));
  }
  return fmt::format("  {}  {}: {}{}\n{}", clock_text(notice.integer("at_ms")),
                     notice.text("kind"), notice.text("text"),
                     states.empty() ? "" : "  (" + join(states, ", ") + ")", errors);
}

std::size_t widest(const Json::Array& rows, std::string_view key) {
  std::size_t width = 0;
  for (const auto& row : rows) width = std::max(width, row.text(key).size());
  return width;
}

std::string time_of(const Json& record) {
  return to_iso8601(from_unix_ms(record.integer("at_ms"))).substr(11, 12);
}

std::string record_line(const Json& record, std::size_t step_width) {
  const Json& state = record.at("state");
  std::string out =
      fmt::format("{:>4}  {}  {:<12} {:<{}}  {:<13}", record.integer("seq"), time_of(record),
                  record.text("event"), record.text("step"), step_width, state.text("phase"));
  if (!record.text("op").empty()) out += "  then " + record.text("op");
  if (!record.text("detail").empty()) out += "\n        evidence: " + record.text("detail");
  return out + "\n";
}
}  // namespace

std::string verdict_text(const Json& verdict) {
  const Json& decision = verdict.at("decision");
  const Json& numbers = decision.at("numbers");
  std::string out = fmt::format("{}  {}  {}\n", clock_text(verdict.integer("at_ms")),
                                verdict.text("step"), verdict.text("sentence"));
  if (decision.integer("rule", -1) < 0) return out;
  return out + fmt::format("          evidence: limit {:.2f}, blame {:.2f} of {:.2f}; kept {:.2f}\n",
                           numbers.number("log_limit"), numbers.number("log_blame"),
                           numbers.number("log_threshold"), numbers.number("log_proof"));
}

std::string history_text(const Json& releases) {
  const auto& rows = releases.at("releases").items();
  if (rows.empty()) return "nothing has been released yet\n";
  const auto version = widest(rows, "version");
  const auto environment = widest(rows, "environment");
  const auto app = widest(rows, "app");
  std::string out;
  for (const auto& row : rows) {
    out += fmt::format("{}  {}  {:<{}} {:<{}}  {:<{}}  {:<11}  {}{}\n", row.text("id"),
                       date_text(row.integer("created_ms")), row.text("app"), app,
                       row.text("environment"), environment, row.text("version"), version,
                       outcome_of(row), row.text("by"), remarks(row));
  }
  return out;
}

std::string release_text(const Json& release) {
  const Json& row = release.at("release");
  const auto created = row.integer("created_ms");
  const auto ended = row.integer("ended_ms");
  std::string out =
      fmt::format("{}  {} {} in {} of {}: {}\n", row.text("id"), row.text("kind"),
                  row.text("version"), row.text("environment"), row.text("app"), outcome_of(row));
  out += fmt::format("by {}, {} {} UTC", row.text("by"), date_text(created).substr(0, 10),
                     clock_text(created));
  out += ended > 0
             ? fmt::format(" to {} (took {})\n", clock_text(ended), took_text(ended - created))
             : std::string(", still running\n");
  if (!row.text("reason").empty()) out += "because " + row.text("reason") + "\n";
  if (!row.text("bad").empty())
    out += "no rollback chooses it by itself: " + row.text("bad") + "\n";
  out += "\n" + release.text("words") + "\nJournal\n";
  const auto& records = release.at("records").items();
  const auto width = widest(records, "step");
  for (const auto& record : records) out += record_line(record, width);
  const auto& verdicts = release.at("verdicts").items();
  if (!verdicts.empty()) out += "\nVerdicts\n";
  for (const auto& one : verdicts) out += "  " + verdict_text(one);
  const auto& notices = release.at("notices").items();
  if (!notices.empty()) out += "\nNotices\n";
  for (const auto& one : notices) out += notice_lines(one);
  return out;
}

}  // namespace slipway::cli

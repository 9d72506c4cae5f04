#include "checks/answer.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/assert.h"
#include "base/text.h"
#include "base/units.h"
#include "checks/flag_report.h"
#include "checks/judgement.h"
#include "checks/load_report.h"
#include "checks/reading.h"
#include "checks/scan_report.h"
#include "checks/test_report.h"

namespace slipway::checks {
namespace {
using config::GateCheck;
using Kind = GateCheck::Kind;
using plan::GateAnswer;
using plan::Plan;

constexpr std::int64_t kMostAhead_ms = 5 * 60'000;  // clocks that differ a little

std::string with_version(const std::string& text, const Plan& plan) {
  return replace_all(text, "${version}", plan.version);
}

// Minutes are near enough.
std::string age_text(std::int64_t age_ms) {
  const auto age = Millis(std::max<std::int64_t>(0, age_ms));
  return age < Millis(60'000) ? "just now" : to_text(age - age % Millis(60'000)) + " old";
}

// Empty: fresh enough. A report of the future is one whose clock, or whose word, is wrong.
std::string why_stale(const GateCheck& check, std::int64_t made_ms, std::int64_t now_ms) {
  if (made_ms == 0) return {};
  if (made_ms > now_ms + kMostAhead_ms) return "is from the future: look at the clocks";
  if (check.max_age.count() == 0 || now_ms - made_ms <= check.max_age.count()) return {};
  return fmt::format("is {}, {} is allowed", age_text(now_ms - made_ms), to_text(check.max_age));
}

// The words with which an answer begins: the file, the command or the address.
std::string source_of(const Plan& plan, const GateCheck& check) {
  if (!check.file.empty()) return with_version(check.file, plan);
  if (!check.url.empty()) return with_version(check.url, plan);
  return "`" + with_version(check.run, plan) + "`";
}

// Empty: the report may be about this version.
std::string why_of_another(const Plan& plan, const GateCheck& check,
                           const std::vector<std::string>& subjects, bool must_say) {
  if (!subjects.empty()) {
    const bool about = std::any_of(subjects.begin(), subjects.end(), [&](const auto& subject) {
      return is_about(subject, plan.version);
    });
    if (about || check.any_version) return {};
    return fmt::format("is about {}, not {}", subjects.front(), plan.version);
  }
  const bool is_named = check.file.find("${version}") != std::string::npos;
  if (!must_say || is_named || check.any_version || check.file.empty()) return {};
  return fmt::format(
      "does not say which version it is about: name its file by ${{version}}, or "
      "write 'version: any'");
}

struct Report {
  const Plan& plan;
  const GateCheck& check;
  const ports::Evidence& evidence;
  std::int64_t now_ms;

  GateAnswer closed(const std::string& why) const {
    return {false, source_of(plan, check) + " " + why, {}};
  }
  GateAnswer open(const std::string& why) const {
    return {true, source_of(plan, check) + ": " + why, {}};
  }
  GateAnswer unreadable(const Error& error) const {
    return {false, source_of(plan, check) + ": " + error.sentence(), {}};
  }
  // When it was made: by its own word, else by the file's.
  std::int64_t made_ms(std::int64_t own_ms) const {
    return own_ms != 0 ? own_ms : evidence.written_ms;
  }
  std::string age(std::int64_t own_ms) const {
    const auto made = made_ms(own_ms);
    return made == 0 ? "made now" : age_text(now_ms - made);
  }
};

GateAnswer file_answer(const Report& report) {
  const auto& check = report.check;
  if (const auto stale = why_stale(check, report.evidence.written_ms, report.now_ms);
      !stale.empty())
    return report.closed(stale);
  if (!check.contains.empty() && report.evidence.bytes.find(check.contains) == std::string::npos)
    return report.closed("does not hold \"" + check.contains + "\"");
  return report.open("is there, " + report.age(0));
}

GateAnswer tests_answer(const Report& report) {
  const auto read = read_tests(report.evidence.bytes);
  if (!read) return report.unreadable(read.error());
  if (const auto stale = why_stale(report.check, report.evidence.written_ms, report.now_ms);
      !stale.empty())
    return report.closed(stale);
  if (read->failed > 0) {
    const std::string more = read->failed > std::ssize(read->names) ? ", …" : "";
    return report.closed(fmt::format("says {} of {} failed{}{}", read->failed,
                                     count_of(read->tests, "test"),
                                     read->names.empty() ? "" : ": " + join(read->names, ", "),
                                     read->names.empty() ? "" : more));
  }
  if (read->tests == 0) return report.closed("holds no test");
  if (read->tests == read->skipped) return report.closed("says that every test was left out");
  return report.open(fmt::format(
      "{} passed{}, {}", count_of(read->tests - read->skipped, "test"),
      read->skipped > 0 ? fmt::format(", {} left out", read->skipped) : "", report.age(0)));
}

GateAnswer scan_answer(const Report& report) {
  const auto read = read_scan(report.evidence.bytes, report.check.format);
  if (!read) return report.unreadable(read.error());
  const auto& check = report.check;
  for (const auto& why : {why_of_another(report.plan, check, read->subjects, true),
                          why_stale(check, report.made_ms(read->created_ms), report.now_ms)}) {
    if (!why.empty()) return report.closed(why);
  }
  const auto judged = judge(*read, check.limits);
  return judged.open ? report.open(judged.why + "; " + report.age(read->created_ms))
                     : report.closed(judged.why);
}

GateAnswer flags_answer(const Report& report) {
  const auto read = read_flags(report.evidence.bytes, report.check.environment);
  if (!read) return report.unreadable(read.error());
  const auto judged = judge(*read, report.check.flags, report.check.environment);
  return judged.open ? report.open(judged.why) : report.closed(judged.why);
}

GateAnswer load_answer(const Report& report) {
  const auto read = read_load(report.evidence.bytes);
  if (!read) return report.unreadable(read.error());
  const auto& check = report.check;
  for (const auto& why : {why_of_another(report.plan, check, read->subjects, false),
                          why_stale(check, report.made_ms(read->created_ms), report.now_ms)}) {
    if (!why.empty()) return report.closed(why);
  }
  const auto judged = judge(*read, check.limits);
  return judged.open ? report.open(judged.why + "; " + report.age(read->created_ms))
                     : report.closed(judged.why);
}

// A scanner that found something ends with a status of its own; what tells is its report.
bool must_succeed(Kind kind) { return kind != Kind::Scan; }
}  // namespace

std::optional<ports::Question> question_of(const Plan& plan, const GateCheck& check,
                                           const std::string& release) {
  ports::Question out;
  switch (check.kind) {
    case Kind::Ask:
    case Kind::Variables:
    case Kind::RollbackPlan:
    case Kind::Alerts:
      return std::nullopt;
    case Kind::Tag:
      // In a variable, so that no version is taken for a word of the shell.
      out.run = "git rev-parse --verify --quiet \"refs/tags/$SLIPWAY_VERSION^{commit}\"";
      break;
    case Kind::Run:
    case Kind::File:
    case Kind::Tests:
    case Kind::Scan:
    case Kind::Flags:
    case Kind::LoadTest:
      out.file = with_version(check.file, plan);
      out.run = with_version(check.run, plan);
      out.url = with_version(check.url, plan);
      out.secret = check.secret;
  }
  out.folder = plan.settings.folder;
  out.timeout = check.timeout;
  out.variables = {{"SLIPWAY_APP", plan.app},
                   {"SLIPWAY_ENVIRONMENT", plan.environment},
                   {"SLIPWAY_VERSION", plan.version},
                   {"SLIPWAY_RELEASE", release},
                   {"SLIPWAY_CHECK", check.name}};
  return out;
}

GateAnswer answer_of(const Plan& plan, const GateCheck& check, const ports::Evidence& evidence,
                     std::int64_t now_ms) {
  if (check.kind == Kind::Variables) return variables_answer(plan, check.variables);
  if (check.kind == Kind::RollbackPlan) return way_back_answer(plan);
  if (check.kind == Kind::Alerts) return alerts_answer(plan);
  ASSERT(check.kind != Kind::Ask);
  const Report report{plan, check, evidence, now_ms};
  if (!evidence.there) return {false, evidence.why, {}};
  if (check.kind == Kind::Tag) {
    return {evidence.succeeded,
            evidence.succeeded
                ? fmt::format("git has the tag {}: {}", plan.version, shown(evidence.bytes, 12))
                : fmt::format("git has no tag {} here", plan.version),
            {}};
  }
  if (!evidence.succeeded && must_succeed(check.kind)) return report.closed(evidence.ending);
  if (check.kind == Kind::Run) {
    const auto said = shown(evidence.bytes, 200);
    return report.open(said.empty() ? "ended with 0" : said);
  }
  if (check.kind == Kind::File) return file_answer(report);
  if (check.kind == Kind::Tests) return tests_answer(report);
  if (check.kind == Kind::Scan) return scan_answer(report);
  return check.kind == Kind::Flags ? flags_answer(report) : load_answer(report);
}

}  // namespace slipway::checks

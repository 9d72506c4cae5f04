#include "checks/scan_report.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"
#include "checks/reading.h"
#include "config/values.h"

namespace slipway::checks {
namespace {
constexpr std::size_t kMostWorst = 20;
constexpr std::int64_t kMostStated = 1'000'000'000;
constexpr std::size_t kUnknown = kSeverities.size() - 1;

std::string lower(std::string_view text) {
  std::string out(text.substr(0, 20));
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// "MODERATE" and the like are other tools' words for the same.
std::size_t severity_of(std::string_view word) {
  static const std::map<std::string, std::string_view> kSame = {
      {"moderate", "medium"}, {"important", "high"},    {"negligible", "low"},
      {"info", "low"},        {"informational", "low"}, {"none", "low"},
      {"note", "low"},        {"warning", "medium"},    {"error", "high"}};
  const auto text = lower(word);
  const auto same = kSame.find(text);
  const auto name = same == kSame.end() ? std::string_view(text) : same->second;
  const auto* found = std::find(kSeverities.begin(), kSeverities.end(), name);
  return found == kSeverities.end() ? kUnknown
                                    : static_cast<std::size_t>(found - kSeverities.begin());
}

void add(ScanReport& report, std::size_t severity, std::string text) {
  ++report.counts[severity];
  auto& worst = report.worst;
  const auto at = std::upper_bound(
      worst.begin(), worst.end(), severity,
      [](std::size_t mine, const ScanFinding& other) { return mine < other.severity; });
  worst.insert(at, {severity, std::move(text)});
  if (worst.size() > kMostWorst) worst.pop_back();
}

void add_subject(ScanReport& report, const std::string& text) {
  if (!text.empty() && report.subjects.size() < 20) report.subjects.push_back(shown(text, 200));
}

void set_created(ScanReport& report, const std::string& text) {
  if (const auto moment = moment_of(text)) report.created_ms = std::max(report.created_ms, *moment);
}

// SARIF: the numbers of GitHub's security-severity, of the result or of its rule.
std::optional<std::size_t> by_score(const Json& properties) {
  const Json& score = properties.at("security-severity");
  double number = -1;
  if (score.is_number()) number = score.as_number();
  if (score.is_string()) number = config::parse_number(score.as_string()).value_or(-1);
  if (!(number > 0) || number > 10) return std::nullopt;
  return number >= 9 ? 0 : number >= 7 ? 1 : number >= 4 ? 2 : 3;
}

using Rules = std::map<std::string, const Json*>;

bool counts(const Json& result) {
  const auto kind = result.text("kind", "fail");
  if (kind != "fail" && kind != "open" && kind != "review") return false;
  if (result.text("baselineState") == "absent") return false;
  const auto& suppressions = result.at("suppressions").items();
  return std::none_of(suppressions.begin(), suppressions.end(),
                      [](const Json& one) { return one.text("status", "accepted") == "accepted"; });
}

void add_sarif_result(const Json& result, const Rules& rules, ScanReport& report) {
  if (!counts(result)) return;
  const auto id = result.text("ruleId", result.at("rule").text("id"));
  const auto rule = rules.find(id);
  static const Json kNothing;
  const Json& of_rule = rule == rules.end() ? kNothing : *rule->second;
  auto severity = by_score(result.at("properties"));
  if (!severity) severity = by_score(of_rule.at("properties"));
  if (!severity) {
    const auto by_rule = of_rule.at("defaultConfiguration").text("level", "warning");
    severity = severity_of(result.text("level", by_rule));
  }
  std::string text = shown(id.empty() ? "a finding without a rule" : id);
  const auto& locations = result.at("locations").items();
  if (!locations.empty()) {
    const Json& place = locations.front().at("physicalLocation");
    const auto file = place.at("artifactLocation").text("uri");
    const auto line = place.at("region").integer("startLine");
    if (!file.empty()) text += " in " + shown(file) + (line > 0 ? ":" + std::to_string(line) : "");
  }
  add(report, *severity, std::move(text));
}

Result<ScanReport> read_sarif(const Json& json) {
  ScanReport report{"sarif", {}, 0, {}, {}};
  if (!json.at("runs").is_array() || json.at("runs").size() == 0)
    return Error(Code::Malformed, "the SARIF report has no run", "did the scan end well?");
  for (const auto& run : json.at("runs").items()) {
    Rules rules;
    for (const auto& rule : run.at("tool").at("driver").at("rules").items())
      rules.emplace(rule.text("id"), &rule);
    for (const auto& extension : run.at("tool").at("extensions").items()) {
      for (const auto& rule : extension.at("rules").items()) rules.emplace(rule.text("id"), &rule);
    }
    for (const auto& one : run.at("invocations").items()) {
      if (!one.flag("executionSuccessful", true))
        return Error(Code::Malformed, "the SARIF report says that its scan did not end well",
                     "scan again");
      set_created(report, one.text("endTimeUtc", one.text("startTimeUtc")));
    }
    for (const auto& one : run.at("versionControlProvenance").items()) {
      add_subject(report, one.text("revisionTag"));
      add_subject(report, one.text("revisionId"));
    }
    for (const auto& result : run.at("results").items()) add_sarif_result(result, rules, report);
  }
  return report;
}

std::string trivy_text(const Json& one) {
  std::string out = shown(one.text("VulnerabilityID", one.text("ID", one.text("RuleID"))));
  if (const auto package = one.text("PkgName"); !package.empty())
    out += " in " + shown(package) + " " + shown(one.text("InstalledVersion"), 40);
  if (const auto fixed = one.text("FixedVersion"); !fixed.empty())
    out += " (fixed in " + shown(fixed, 40) + ")";
  return out;
}

Result<ScanReport> read_trivy(const Json& json) {
  ScanReport report{"trivy", {}, 0, {}, {}};
  set_created(report, json.text("CreatedAt"));
  // The name of a folder that was scanned says nothing of the version.
  if (json.text("ArtifactType") == "container_image")
    add_subject(report, json.text("ArtifactName"));
  for (const auto& tag : json.at("Metadata").strings("RepoTags")) add_subject(report, tag);
  for (const auto& result : json.at("Results").items()) {
    for (const auto* list : {"Vulnerabilities", "Misconfigurations", "Secrets"}) {
      for (const auto& one : result.at(list).items()) {
        const auto status = one.text("Status");
        if (std::string_view(list) == "Misconfigurations" && status != "FAIL") continue;
        if (status == "not_affected") continue;
        add(report, severity_of(one.text("Severity")), trivy_text(one));
      }
    }
  }
  return report;
}

void add_npm_package(const std::string& name, const Json& one, ScanReport& report) {
  std::string text = shown(name);
  for (const auto& via : one.at("via").items()) {
    if (!via.is_object()) continue;
    text += ": " + shown(via.text("title"));
    break;
  }
  add(report, severity_of(one.text("severity")), std::move(text));
}

// What it counts itself may be more than what it lists: the larger number is believed.
void believe_counts(const Json& stated, ScanReport& report) {
  std::array<std::int64_t, kSeverities.size()> sums{};
  for (const auto& [name, count] : stated.members()) {
    if (name == "total" || !count.is_number()) continue;
    // No project has more; what says so must not wrap around to none.
    sums[severity_of(name)] += std::clamp<std::int64_t>(stated.integer(name), 0, kMostStated);
  }
  for (std::size_t i = 0; i < sums.size(); ++i)
    report.counts[i] = std::max(report.counts[i], sums[i]);
}

Result<ScanReport> read_npm(const Json& json) {
  if (json.find("error") != nullptr) {
    const Json& error = json.at("error");
    return Error(
        Code::Malformed,
        "npm audit could not look: " + shown(error.text("summary", error.text("code")), 200),
        "run it again where it reaches the registry");
  }
  ScanReport report{"npm-audit", {}, 0, {}, {}};
  for (const auto& [name, one] : json.at("vulnerabilities").members())
    add_npm_package(name, one, report);
  for (const auto& [id, one] : json.at("advisories").members()) {
    add(report, severity_of(one.text("severity")),
        shown(one.text("module_name")) + ": " + shown(one.text("title")));
  }
  believe_counts(json.at("metadata").at("vulnerabilities"), report);
  return report;
}

Result<ScanReport> read_generic(const Json& json) {
  if (!json.at("findings").is_array() && !json.at("counts").is_object())
    return Error(Code::Malformed, "the report has neither 'findings' nor 'counts'",
                 "the formats understood are in docs/howto/gates.md");
  ScanReport report{"generic", {}, 0, {}, {}};
  set_created(report, json.text("created"));
  add_subject(report, json.text("version"));
  for (const auto& one : json.at("findings").items()) {
    std::string text = shown(one.text("id", one.text("title", "a finding without a name")));
    if (const auto place = one.text("package", one.text("file")); !place.empty())
      text += " in " + shown(place);
    add(report, severity_of(one.text("severity")), std::move(text));
  }
  believe_counts(json.at("counts"), report);
  return report;
}

std::string_view format_of(const Json& json) {
  if (json.at("runs").is_array()) return "sarif";
  if (json.find("SchemaVersion") != nullptr && json.find("ArtifactName") != nullptr) return "trivy";
  const bool npm = json.find("auditReportVersion") != nullptr ||
                   json.at("advisories").is_object() ||
                   (json.find("error") != nullptr && json.size() <= 2);
  return npm ? "npm-audit" : "generic";
}

// A report in another format than the one that was named counts nothing and would pass.
bool is_of(const Json& json, std::string_view format) {
  return format == "generic" || format == format_of(json);
}
}  // namespace

Result<ScanReport> read_scan(std::string_view text, std::string_view format) {
  const auto json = TRY(read_json(text, "the report of the scan"));
  const auto named = format.empty() || format == "auto" ? format_of(json) : format;
  if (!is_of(json, named)) {
    return Error(Code::Malformed, "the report is not one of the format " + std::string(named),
                 "take 'format' away, or give it the right one");
  }
  if (named == "sarif") return read_sarif(json);
  if (named == "trivy") return read_trivy(json);
  return named == "npm-audit" ? read_npm(json) : read_generic(json);
}

}  // namespace slipway::checks

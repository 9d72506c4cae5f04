#include "database/lint/text.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "database/lint/check.h"

namespace slipway::database::lint {

std::string_view part_that_goes_up(std::string_view text) {
  constexpr std::string_view kMarks[] = {"-- migrate:down", "-- Down Migration", "-- +goose Down"};
  std::size_t at = 0;
  for (const auto line : split(text, '\n')) {
    for (const auto mark : kMarks) {
      if (trim(line).starts_with(mark)) return text.substr(0, at);
    }
    at += line.size() + 1;
  }
  return text;
}

std::string text_of(const Report& report) {
  std::string out;
  for (const auto& one : report.findings) {
    out += fmt::format("{}:{}:{}: {} ({}){}\n", report.path, one.line, one.column, one.rule->name,
                       name_of(one.rule->harm), one.is_acknowledged ? ", acknowledged" : "");
    out += fmt::format("    {}{}{}\n", one.subject, one.subject.empty() ? "" : ": ",
                       one.rule->meaning);
    if (!one.is_acknowledged) out += fmt::format("    instead: {}\n", one.rule->instead);
  }
  return out;
}

Json json_of(const Report& report) {
  Json findings = Json::array();
  for (const auto& one : report.findings) {
    findings.push_back(Json::object()
                           .set("rule", one.rule->name)
                           .set("harm", name_of(one.rule->harm))
                           .set("subject", one.subject)
                           .set("line", one.line)
                           .set("column", one.column)
                           .set("meaning", one.rule->meaning)
                           .set("instead", one.rule->instead)
                           .set("acknowledged", one.is_acknowledged));
  }
  return Json::object().set("path", report.path).set("findings", std::move(findings));
}

bool has_open(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& one) { return !one.is_acknowledged; });
}

}  // namespace slipway::database::lint

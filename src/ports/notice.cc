#include "ports/notice.h"

#include <string_view>

#include "base/clock.h"

namespace slipway::ports {
namespace {
constexpr Severity kSeverities[] = {Severity::Note, Severity::Warning, Severity::Critical};
constexpr Turn kTurns[] = {Turn::Event, Turn::Opens, Turn::Closes};

template <class Enum, std::size_t count>
Enum named(const Enum (&all)[count], std::string_view name) {
  for (const Enum one : all) {
    if (name_of(one) == name) return one;
  }
  return all[0];
}

Json pairs_json(const std::vector<std::pair<std::string, std::string>>& pairs, const char* first,
                const char* second) {
  Json out = Json::array();
  for (const auto& [name, value] : pairs) {
    out.push_back(Json::object().set(first, name).set(second, value));
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> pairs_from(const Json& json, const char* first,
                                                            const char* second) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& one : json.items()) out.emplace_back(one.text(first), one.text(second));
  return out;
}
}  // namespace

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::Note:
      return "info";
    case Severity::Warning:
      return "warning";
    case Severity::Critical:
      return "critical";
  }
  return "";
}

std::string_view name_of(Turn turn) {
  switch (turn) {
    case Turn::Event:
      return "event";
    case Turn::Opens:
      return "opens";
    case Turn::Closes:
      return "closes";
  }
  return "";
}

Json to_json(const Notice& notice) {
  return Json::object()
      .set("key", notice.key)
      .set("kind", notice.kind)
      .set("subject", notice.subject)
      .set("severity", name_of(notice.severity))
      .set("turn", name_of(notice.turn))
      .set("app", notice.app)
      .set("environment", notice.environment)
      .set("release", notice.release)
      .set("version", notice.version)
      .set("live", notice.live)
      .set("by", notice.by)
      .set("text", notice.text)
      .set("at", to_iso8601(from_unix_ms(notice.at_ms)))
      .set("at_ms", notice.at_ms)
      .set("facts", pairs_json(notice.facts, "name", "value"))
      .set("links", pairs_json(notice.links, "text", "url"));
}

Notice notice_from_json(const Json& json) {
  Notice out;
  out.key = json.text("key");
  out.kind = json.text("kind");
  out.subject = json.text("subject");
  out.severity = named(kSeverities, json.text("severity"));
  out.turn = named(kTurns, json.text("turn"));
  out.app = json.text("app");
  out.environment = json.text("environment");
  out.release = json.text("release");
  out.version = json.text("version");
  out.live = json.text("live");
  out.by = json.text("by");
  out.text = json.text("text");
  out.at_ms = json.integer("at_ms");
  out.facts = pairs_from(json.at("facts"), "name", "value");
  out.links = pairs_from(json.at("links"), "text", "url");
  return out;
}

}  // namespace slipway::ports

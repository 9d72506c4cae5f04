// Checks of gates <-> JSON, as part of a stored environment.
#include <array>

#include "config/gate_check.h"

namespace slipway::config {
namespace {
using Kind = GateCheck::Kind;

constexpr std::array<std::string_view, 11> kKinds{"ask",       "run",   "file",          "tests",
                                                  "variables", "tag",   "rollback-plan", "alerts",
                                                  "scan",      "flags", "load-test"};
constexpr std::array<std::string_view, 3> kWhens{"before", "during", "after"};
constexpr std::array<std::string_view, 3> kOutcomes{"abort", "hold", "go-on"};

template <class Enum, class Names>
Enum named(const Names& names, std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return static_cast<Enum>(0);
}

void add_texts(const GateCheck& check, Json& out) {
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) out.set(key, value);
  };
  add("question", check.question);
  add("file", check.file);
  add("run", check.run);
  add("url", check.url);
  add("environment", check.environment);
  add("contains", check.contains);
  add("format", check.format);
  if (!check.secret.name.empty())
    out.set("secret", to_json(check.secret).set("name", check.secret.name));
}

void add_lists(const GateCheck& check, Json& out) {
  if (!check.people.empty()) out.set("people", Json::array_of(check.people));
  if (!check.variables.empty()) out.set("variables", Json::array_of(check.variables));
  Json flags = Json::object();
  for (const auto& [name, state] : check.flags) flags.set(name, state);
  if (!check.flags.empty()) out.set("flags", std::move(flags));
  Json limits = Json::object();
  for (const auto& [name, limit] : check.limits) limits.set(name, limit);
  if (!check.limits.empty()) out.set("limits", std::move(limits));
}
}  // namespace

std::string_view name_of(OnExpiry outcome) { return kOutcomes[static_cast<std::size_t>(outcome)]; }
OnExpiry on_expiry_named(std::string_view name) { return named<OnExpiry>(kOutcomes, name); }
std::string_view name_of(Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }
std::string_view name_of(GateCheck::When when) { return kWhens[static_cast<std::size_t>(when)]; }

std::string_view gate_of(Kind kind) {
  if (kind == Kind::Scan) return "scans";
  if (kind == Kind::Flags) return "flags";
  return kind == Kind::LoadTest ? "load_tests" : "checklist";
}

Json to_json(const Patience& patience) {
  return Json::object()
      .set("expires_ms", patience.expires.count())
      .set("on_expiry", name_of(patience.on_expiry));
}

Json to_json(const GateCheck& check) {
  Json out = Json::object()
                 .set("kind", name_of(check.kind))
                 .set("name", check.name)
                 .set("when", name_of(check.when));
  add_texts(check, out);
  add_lists(check, out);
  if (check.any_version) out.set("any_version", true);
  return out.set("max_age_ms", check.max_age.count())
      .set("timeout_ms", check.timeout.count())
      .set("patience", to_json(check.patience));
}

GateCheck gate_check_from_json(const Json& json) {
  GateCheck out;
  out.kind = named<Kind>(kKinds, json.text("kind"));
  out.name = json.text("name");
  out.when = named<GateCheck::When>(kWhens, json.text("when"));
  out.question = json.text("question");
  out.file = json.text("file");
  out.run = json.text("run");
  out.url = json.text("url");
  const Json& secret = json.at("secret");
  out.secret = {secret.text("name"), secret.text("env"), secret.text("file"),
                secret.text("command")};
  out.environment = json.text("environment");
  out.contains = json.text("contains");
  out.format = json.text("format");
  out.any_version = json.flag("any_version");
  out.people = json.strings("people");
  out.variables = json.strings("variables");
  for (const auto& [name, state] : json.at("flags").members())
    out.flags[name] = json.at("flags").text(name);
  for (const auto& [name, limit] : json.at("limits").members())
    out.limits[name] = json.at("limits").number(name);
  out.max_age = Millis(json.integer("max_age_ms"));
  out.timeout = Millis(json.integer("timeout_ms", out.timeout.count()));
  const Json& patience = json.at("patience");
  out.patience.expires = Millis(patience.integer("expires_ms", out.patience.expires.count()));
  out.patience.on_expiry = on_expiry_named(patience.text("on_expiry"));
  return out;
}

}  // namespace slipway::config

// Gates out of one environment's merged tree.
#include <algorithm>

#include "config/reader.h"

namespace slipway::config {
namespace {
using Kind = GateCheck::Kind;

constexpr Millis kPersonsPatience{24 * 3'600'000};
constexpr Millis kOtherPatience{5 * 60'000};

Patience build_patience(const Reader& in) {
  return {in.duration("expires"), on_expiry_named(in.text("on_expiry"))};
}

Window build_window(const Reader& in) {
  return {in.list("days"), in.list("hours"), in.text("zone"), build_patience(in)};
}

// Only the roles that are asked: a change to another one is no change to this release.
Approvals build_approvals(const Node& merged) {
  const Reader top(&merged, "");
  Approvals out;
  if (!top.has("approvals")) return out;
  const auto in = top.map("approvals");
  out.need = in.integer("need");
  out.from = in.list("from");
  out.patience = build_patience(in);
  const Node* roles = merged.find("roles");
  if (roles == nullptr || !roles->is_map()) return out;
  for (const auto& role : roles->items) {
    const bool asked = std::find(out.from.begin(), out.from.end(), role.key) != out.from.end();
    for (const auto& person : role.items) {
      if (asked && person.is_scalar()) out.roles[role.key].push_back(person.text);
    }
  }
  return out;
}

std::vector<Freeze> build_freeze(const Node& merged) {
  std::vector<Freeze> out;
  const Node* freeze = merged.find("freeze");
  if (freeze == nullptr || !freeze->is_list()) return out;
  for (const auto& item : freeze->items) {
    const Reader in(&item, "freeze[]");
    Freeze one;
    one.dates = in.list("date");
    if (in.has("from")) one.dates = {in.text("from") + ".." + in.text("to")};
    one.week_of = in.text("week_of");
    one.holidays_file = in.text("holidays");
    one.why = in.text("why");
    out.push_back(std::move(one));
  }
  return out;
}

// People by the roles and names that `from` lists.
std::vector<std::string> people_of(const Node& merged, const std::vector<std::string>& from) {
  const Node* roles = merged.find("roles");
  std::vector<std::string> out;
  for (const auto& name : from) {
    const Node* role = roles == nullptr ? nullptr : roles->find(name);
    if (role == nullptr) out.push_back(name);
    if (role == nullptr) continue;
    for (const auto& person : role->items) {
      if (person.is_scalar()) out.push_back(person.text);
    }
  }
  return out;
}

GateCheck begin_check(const Reader& in, Kind kind) {
  GateCheck out;
  out.kind = kind;
  out.name = in.text("name");
  out.timeout = in.duration("timeout");
  out.patience.expires = kind == Kind::Ask ? kPersonsPatience : kOtherPatience;
  if (in.has("expires")) out.patience.expires = in.duration("expires");
  out.patience.on_expiry = on_expiry_named(in.text("on_expiry"));
  return out;
}

Kind kind_of_item(const Reader& in) {
  if (in.has("run")) return Kind::Run;
  if (in.has("file")) return Kind::File;
  if (in.has("tests")) return Kind::Tests;
  if (in.has("variables")) return Kind::Variables;
  if (!in.has("verify")) return Kind::Ask;
  const auto what = in.text("verify");
  if (what == "tag") return Kind::Tag;
  return what == "alerts" ? Kind::Alerts : Kind::RollbackPlan;
}

GateCheck build_item(const Node& merged, const Node& node) {
  const Reader in(&node, "checklist[]");
  GateCheck out = begin_check(in, kind_of_item(in));
  const auto when = in.text("when");
  if (when == "during") out.when = GateCheck::When::During;
  if (when == "after") out.when = GateCheck::When::After;
  out.question = in.text("ask");
  out.people = people_of(merged, in.list("from"));
  out.run = in.text("run");
  out.file = in.has("tests") ? in.text("tests") : in.text("file");
  out.contains = in.text("contains");
  out.variables = in.list("variables");
  out.max_age = in.duration("max_age");
  return out;
}

GateCheck build_scan(const Node& node) {
  const Reader in(&node, "scans[]");
  GateCheck out = begin_check(in, Kind::Scan);
  out.file = in.text("report");
  out.run = in.text("run");
  out.format = in.text("format");
  out.any_version = in.text("version") == "any";
  out.max_age = in.duration("max_age");
  const auto most = in.map("most");
  for (const auto* severity : {"critical", "high", "medium", "low", "unknown"}) {
    const auto limit = most.text(severity);
    if (!limit.empty()) out.limits[severity] = parse_number(limit).value_or(0);
  }
  return out;
}

GateCheck build_flags(const Node& merged, const Node& node,
                      const std::map<std::string, SecretRef>& secrets) {
  const Reader in(&node, "flags[]");
  GateCheck out = begin_check(in, Kind::Flags);
  out.file = in.text("file");
  out.run = in.text("run");
  out.url = in.text("url");
  const auto secret = secrets.find(in.text("secret"));
  if (secret != secrets.end()) out.secret = secret->second;
  out.environment = in.has("environment") ? in.text("environment") : merged.key;
  out.flags = in.texts("need");
  return out;
}

GateCheck build_load_test(const Node& node) {
  const Reader in(&node, "load_tests[]");
  GateCheck out = begin_check(in, Kind::LoadTest);
  out.file = in.text("report");
  out.run = in.text("run");
  out.max_age = in.duration("max_age");
  for (const auto* quantile : {"p95", "p99"}) {
    if (in.has(quantile))
      out.limits[std::string(quantile) + "_ms"] =
          static_cast<double>(in.duration(quantile).count());
  }
  if (in.has("error_rate"))
    out.limits["error_rate"] = parse_percent(in.text("error_rate")).value_or(0);
  if (in.has("rps")) out.limits["rps"] = in.number("rps");
  return out;
}

std::vector<GateCheck> build_checks(const Node& merged,
                                    const std::map<std::string, SecretRef>& secrets) {
  std::vector<GateCheck> out;
  const auto each = [&](const char* list, auto build) {
    const Node* node = merged.find(list);
    if (node == nullptr || !node->is_list()) return;
    for (const auto& item : node->items) {
      if (item.is_map()) out.push_back(build(item));
    }
  };
  each("checklist", [&](const Node& item) { return build_item(merged, item); });
  each("scans", [](const Node& item) { return build_scan(item); });
  each("flags", [&](const Node& item) { return build_flags(merged, item, secrets); });
  each("load_tests", [](const Node& item) { return build_load_test(item); });
  // What slipway finds out by itself comes first: nobody is asked about a release that fails it.
  std::stable_partition(out.begin(), out.end(), [](const auto& one) { return !is_asked(one); });
  return out;
}

}  // namespace

Gates build_gates(const Node& merged, const std::map<std::string, SecretRef>& secrets) {
  const Reader in(&merged, "");
  Gates out;
  out.approvals = build_approvals(merged);
  out.window = build_window(in.map("window"));
  out.freeze = build_freeze(merged);
  out.checks = build_checks(merged, secrets);
  if (in.map("hotfix").has("skips")) out.hotfix_skips = in.map("hotfix").list("skips");
  return out;
}

}  // namespace slipway::config

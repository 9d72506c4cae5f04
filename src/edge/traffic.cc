#include "edge/traffic.h"

#include <fmt/format.h>

#include <algorithm>

#include "edge/members.h"
#include "edge/table.h"

namespace slipway::edge {
namespace {

constexpr std::string_view kBalanceNames[] = {"", "round_robin", "least_requests", "two_choices"};
constexpr std::string_view kByNames[] = {"request", "client"};
constexpr std::string_view kWithoutNames[] = {"cookie", "address", "first"};
constexpr int kMostInARow = 1'000;
constexpr int kWholePercent = 100;
constexpr std::int64_t kLongestStickyS = 400LL * 24 * 3600;  // browsers keep none longer

template <class Enum, std::size_t N>
void read_name(Members& members, const char* key, const std::string_view (&names)[N], Enum& out,
               const char* wanted) {
  std::string name(names[static_cast<std::size_t>(out)]);
  members.text(key, name);
  const auto* at = std::find(std::begin(names), std::end(names), name);
  if (at == std::end(names)) return members.wrong(key, wanted);
  out = static_cast<Enum>(at - std::begin(names));
}

std::string key_text(const SplitRule& split) {
  switch (split.key) {
    case SplitRule::Key::OwnCookie:
      return "";
    case SplitRule::Key::Cookie:
      return "cookie:" + split.name;
    case SplitRule::Key::Header:
      return "header:" + split.name;
    case SplitRule::Key::Address:
      return "address";
  }
  ASSERT(false);
}

void read_key(Members& members, SplitRule& split) {
  std::string text;
  members.text("key", text);
  const std::size_t colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  if (colon != std::string::npos) split.name = text.substr(colon + 1);
  if (text.empty()) {
    split.key = SplitRule::Key::OwnCookie;
  } else if (text == "address") {
    split.key = SplitRule::Key::Address;
  } else if (kind == "cookie" && !split.name.empty()) {
    split.key = SplitRule::Key::Cookie;
  } else if (kind == "header" && !split.name.empty()) {
    split.key = SplitRule::Key::Header;
  } else {
    members.wrong("key", "\"cookie:NAME\", \"header:NAME\" or \"address\"");
  }
}

Result<void> read_split(const Json& json, SplitRule& split) {
  Members members(json, "\"traffic.split\" of a service of the edge's table");
  read_name(members, "by", kByNames, split.by, "request or client");
  read_key(members, split);
  read_name(members, "without", kWithoutNames, split.without, "cookie, address or first");
  members.texts("list", split.list);
  return members.finish();
}

Result<void> read_sticky(const Json& json, Sticky& sticky) {
  Members members(json, "\"traffic.sticky\" of a service of the edge's table");
  members.text("cookie", sticky.cookie);
  members.number("max_age_s", sticky.max_age_s, kLongestStickyS);
  return members.finish();
}

Result<void> read_preview(const Json& json, Preview& preview) {
  Members members(json, "\"traffic.preview\" of a service of the edge's table");
  members.text("token_sha256", preview.token_sha256);
  return members.finish();
}

Result<void> read_ejection(const Json& json, Ejection& ejection) {
  Members members(json, "\"traffic.ejection\" of a service of the edge's table");
  members.number("connect_failures", ejection.connect_failures, kMostInARow);
  members.number("bad_answers", ejection.bad_answers, kMostInARow);
  members.duration("first_ms", ejection.first);
  members.duration("most_ms", ejection.most);
  members.number("max_percent", ejection.max_percent, kWholePercent);
  return members.finish();
}

Result<void> read_checks(const Json& json, HealthChecks& checks) {
  Members members(json, "\"traffic.checks\" of a service of the edge's table");
  members.text("path", checks.path);
  members.duration("interval_ms", checks.interval);
  members.duration("timeout_ms", checks.timeout);
  members.number("healthy", checks.healthy, kMostInARow);
  members.number("unhealthy", checks.unhealthy, kMostInARow);
  return members.finish();
}

struct RetryName {
  const char* name;
  bool Retry::*on;
};
constexpr RetryName kRetryNames[] = {{"connect", &Retry::connect},
                                     {"reset", &Retry::reset},
                                     {"502", &Retry::bad_gateway},
                                     {"503", &Retry::unavailable},
                                     {"504", &Retry::timeout}};

Result<void> read_retry(const Json& json, Retry& retry) {
  Members members(json, "\"traffic.retry\" of a service of the edge's table");
  std::vector<std::string> on;
  if (json.find("on") == nullptr) on = {"connect"};
  members.texts("on", on);
  members.number("budget_percent", retry.budget_percent, kWholePercent);
  retry.connect = false;
  for (const std::string& wanted : on) {
    const auto* known = std::find_if(std::begin(kRetryNames), std::end(kRetryNames),
                                     [&](const RetryName& n) { return n.name == wanted; });
    if (known == std::end(kRetryNames)) {
      members.wrong("on", "a list of connect, reset, 502, 503 and 504");
    } else {
      retry.*known->on = true;
    }
  }
  return members.finish();
}

Result<void> read_mirror(const Json& json, MirrorRule& mirror) {
  Members members(json, "\"traffic.mirror\" of a service of the edge's table");
  members.text("release", mirror.release);
  members.number("share", mirror.share, kWholeWeight);
  return members.finish();
}

Json to_json(const SplitRule& split) {
  Json json = Json::object();
  json.set("by", kByNames[static_cast<std::size_t>(split.by)]).set("key", key_text(split));
  json.set("without", kWithoutNames[static_cast<std::size_t>(split.without)]);
  return json.set("list", Json::array_of(split.list));
}

Json to_json(const Ejection& ejection) {
  Json json = Json::object();
  json.set("connect_failures", ejection.connect_failures).set("bad_answers", ejection.bad_answers);
  json.set("first_ms", ejection.first.count()).set("most_ms", ejection.most.count());
  return json.set("max_percent", ejection.max_percent);
}

Json to_json(const HealthChecks& checks) {
  Json json = Json::object();
  json.set("path", checks.path).set("interval_ms", checks.interval.count());
  json.set("timeout_ms", checks.timeout.count()).set("healthy", checks.healthy);
  return json.set("unhealthy", checks.unhealthy);
}

Json to_json(const Retry& retry) {
  Json on = Json::array();
  for (const RetryName& entry : kRetryNames) {
    if (retry.*entry.on) on.push_back(entry.name);
  }
  Json json = Json::object();
  return json.set("on", on).set("budget_percent", retry.budget_percent);
}

}  // namespace

std::string_view name_of(Balance balance) {
  return kBalanceNames[static_cast<std::size_t>(balance)];
}

void read_balance(Members& members, Balance& balance) {
  read_name(members, "balance", kBalanceNames, balance,
            "round_robin, least_requests or two_choices");
}

Json to_json(const Traffic& traffic) {
  Json json = Json::object();
  Json sticky = Json::object();
  Json preview = Json::object();
  Json mirror = Json::object();
  json.set("balance", name_of(traffic.balance)).set("key", traffic.key);
  json.set("split", to_json(traffic.split));
  json.set("sticky",
           sticky.set("cookie", traffic.sticky.cookie).set("max_age_s", traffic.sticky.max_age_s));
  json.set("preview", preview.set("token_sha256", traffic.preview.token_sha256));
  json.set("writer_affinity_ms", traffic.writer_affinity.count());
  json.set("ejection", to_json(traffic.ejection)).set("checks", to_json(traffic.checks));
  json.set("retry", to_json(traffic.retry));
  json.set("mirror",
           mirror.set("release", traffic.mirror.release).set("share", traffic.mirror.share));
  return json.set("assets", Json::array_of(traffic.assets));
}

Result<void> read_traffic(const Json& json, Traffic& traffic) {
  Members members(json, "\"traffic\" of a service of the edge's table");
  read_balance(members, traffic.balance);
  members.text("key", traffic.key);
  members.duration("writer_affinity_ms", traffic.writer_affinity);
  members.texts("assets", traffic.assets);
  const Json* split = members.take("split");
  const Json* sticky = members.take("sticky");
  const Json* preview = members.take("preview");
  const Json* ejection = members.take("ejection");
  const Json* checks = members.take("checks");
  const Json* retry = members.take("retry");
  const Json* mirror = members.take("mirror");
  TRY(members.finish());
  if (split != nullptr) TRY(read_split(*split, traffic.split));
  if (sticky != nullptr) TRY(read_sticky(*sticky, traffic.sticky));
  if (preview != nullptr) TRY(read_preview(*preview, traffic.preview));
  if (ejection != nullptr) TRY(read_ejection(*ejection, traffic.ejection));
  if (checks != nullptr) TRY(read_checks(*checks, traffic.checks));
  if (retry != nullptr) TRY(read_retry(*retry, traffic.retry));
  if (mirror != nullptr) TRY(read_mirror(*mirror, traffic.mirror));
  return ok();
}

}  // namespace slipway::edge

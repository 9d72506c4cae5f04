#include "drivers/http_probe/health_document.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/json.h"

namespace slipway::drivers::http_probe {
namespace {
constexpr int kMostDepth = 4;
constexpr std::size_t kMostParts = 64;
// Under these names frameworks keep their parts (Spring "components", ASP.NET "entries", …).
constexpr std::string_view kContainers[] = {"checks",   "components", "entries", "dependencies",
                                            "services", "details",    "info",    "error"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// True or false for a word that speaks of health; nullopt for any other ("1.4.2", "shopflow").
std::optional<bool> verdict_of(std::string_view word) {
  constexpr std::string_view kGood[] = {"up",        "ok",      "pass", "passed",
                                        "passing",   "healthy", "true", "success",
                                        "connected", "ready",   "warn", "degraded"};
  constexpr std::string_view kBad[] = {"down",           "fail",       "failed",    "failing",
                                       "error",          "false",      "unhealthy", "critical",
                                       "unready",        "not_ready",  "outage",    "disconnected",
                                       "out_of_service", "unavailable"};
  const std::string text = lower(word);
  if (std::find(std::begin(kGood), std::end(kGood), text) != std::end(kGood)) return true;
  if (std::find(std::begin(kBad), std::end(kBad), text) != std::end(kBad)) return false;
  return std::nullopt;
}

struct Status {
  std::string word;
  bool healthy = true;
};

std::optional<Status> status_of(const Json& value) {
  if (value.is_bool()) return Status{value.as_bool() ? "true" : "false", value.as_bool()};
  if (!value.is_string()) return std::nullopt;
  const auto verdict = verdict_of(value.as_string());
  if (!verdict) return std::nullopt;
  return Status{value.as_string(), *verdict};
}

std::optional<Status> own_status(const Json& object) {
  for (const std::string_view key : {"status", "healthy", "ok", "state"}) {
    const Json* found = object.find(key);
    if (found == nullptr) continue;
    if (auto status = status_of(*found)) return status;
    // A status that is no word we know ("weird") is shown and taken for unhealthy: guessing "fine"
    // would give traffic to something that may have said it is not.
    if (key == "status" && found->is_string()) return Status{found->as_string(), false};
  }
  return std::nullopt;
}

std::string cause_in(const Json& object) {
  for (const std::string_view key :
       {"error", "message", "output", "reason", "detail", "description"}) {
    const std::string text = object.text(key);
    if (!text.empty()) return text;
  }
  return {};
}

bool is_container(std::string_view key) {
  return std::find(std::begin(kContainers), std::end(kContainers), key) != std::end(kContainers);
}

class Reader {
 public:
  explicit Reader(HealthReport& report) : report_(report) {}

  void read_members(const Json& object, const std::string& prefix, int depth) {
    if (depth > kMostDepth) return;
    for (const auto& [key, value] : object.members()) {
      if (report_.parts.size() >= kMostParts) return;
      if (key == "status" || key == "healthy" || key == "ok" || key == "state") continue;
      read_part(prefix + key, key, value, depth);
    }
  }

 private:
  void read_part(const std::string& name, const std::string& key, const Json& value, int depth) {
    if (value.is_array()) return read_items(name, value, depth);
    if (!value.is_object()) {
      // Only words of health count in plain members: "version": "1.4.2" is no part. Booleans count
      // inside a container alone: "debug": false says nothing of health.
      const bool in_container = name != key;
      if (value.is_bool() && !in_container) return;
      if (const auto status = status_of(value)) add(name, *status, {});
      return;
    }
    if (const auto status = own_status(value)) {
      add(name, *status, cause_in(value));
      for (const auto container : kContainers) {
        if (const Json* nested = value.find(container)) read_nested(name + ".", *nested, depth + 1);
      }
      return;
    }
    if (is_container(key) || depth > 0) read_members(value, name + ".", depth + 1);
  }

  void read_nested(const std::string& prefix, const Json& value, int depth) {
    if (value.is_object()) read_members(value, prefix, depth);
  }

  void read_items(const std::string& name, const Json& array, int depth) {
    std::size_t index = 0;
    for (const auto& item : array.items()) {
      if (report_.parts.size() >= kMostParts) return;
      const std::string own = item.text("name", std::to_string(index++));
      if (item.is_object() && own_status(item)) read_part(name + "." + own, own, item, depth + 1);
    }
  }

  void add(const std::string& name, const Status& status, const std::string& cause) {
    report_.parts.push_back({name, status.word, status.healthy});
    if (status.healthy || !report_.why.empty()) return;
    report_.why = name + ": " + (cause.empty() ? status.word : cause);
  }

  HealthReport& report_;
};
}  // namespace

HealthReport read_health(std::string_view body) {
  HealthReport report;
  const auto json = Json::parse(body);
  if (!json || !json->is_object()) return report;
  Reader(report).read_members(*json, "", 0);
  const auto status = own_status(*json);
  report.understood = status.has_value() || !report.parts.empty();
  if (status) {
    report.healthy = status->healthy;
    if (!status->healthy && report.why.empty()) {
      const std::string cause = cause_in(*json);
      report.why = "status: " + status->word + (cause.empty() ? "" : " (" + cause + ")");
    }
    return report;
  }
  report.healthy = std::all_of(report.parts.begin(), report.parts.end(),
                               [](const auto& p) { return p.healthy; });
  return report;
}

}  // namespace slipway::drivers::http_probe

// What only the world can show: that it was released, taken back, is well, and that people hear.
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "plan/readiness.h"

namespace slipway::plan {
namespace {
constexpr std::int64_t kDay_ms = 86'400'000;
constexpr std::int64_t kDrillDays = 90;
constexpr std::int64_t kChannelDays = 30;
constexpr std::int64_t kCertificateDays = 14;

std::int64_t days_since(const Sightings& seen, std::int64_t at_ms) {
  return (seen.now_ms - at_ms) / kDay_ms;
}

std::string ago(std::int64_t days) { return days <= 0 ? "today" : count_of(days, "day") + " ago"; }

ReadinessItem released(const Sightings& seen) {
  ReadinessItem out{"released", 0, 4, "nothing was released here yet", "slipway deploy"};
  if (seen.outcomes.empty()) return out;
  const auto good = std::count(seen.outcomes.begin(), seen.outcomes.end(), "completed");
  const auto all = std::ssize(seen.outcomes);
  out.points = static_cast<int>(4 * good / all);
  out.found = fmt::format("{} of the last {} went well", good, count_of(all, "release"));
  out.next = good == all ? "" : "see why the others did not: slipway history";
  return out;
}

ReadinessItem drill(const Sightings& seen) {
  ReadinessItem out{"drill", 0, 4, "", "try it while nothing is wrong: slipway rollback, and back"};
  if (seen.last_rollback_ms == 0) {
    out.found = "a rollback was never tried here";
    return out;
  }
  const auto days = days_since(seen, seen.last_rollback_ms);
  out.found = "the last rollback was " + ago(days);
  out.points = days <= kDrillDays ? 4 : 2;
  if (days <= kDrillDays) out.next.clear();
  return out;
}

ReadinessItem well(const Sightings& seen) {
  ReadinessItem out{"well", 0, 4, "no instance runs", "slipway deploy"};
  if (seen.instances == 0) return out;
  if (!seen.probed) {
    out.found = "nobody asks the instances how they are";
    out.next = "give them a page that tells: health: { path: /health }";
  } else if (!seen.unwell.empty()) {
    out.found = join(seen.unwell, "; ");
    out.next = "slipway status, and slipway logs";
  } else {
    out = {"well", 4, 4, count_of(seen.instances, "instance") + " answer their probes", ""};
  }
  return out;
}

ReadinessItem certificate(const config::Environment& settings, const Sightings& seen) {
  ReadinessItem out{"certificate", 0, 4, "", ""};
  if (!seen.certificate_s) {
    const bool elsewhere = settings.router != "edge";
    out.found = elsewhere ? "certificates are " + settings.router + "'s: slipway does not see them"
                          : "the edge has no certificate: traffic is not encrypted here";
    out.next = elsewhere ? "let the edge hold them, or watch them there"
                         : "slipway edge certificate obtain NAME --domain HOST";
    return out;
  }
  const auto days = *seen.certificate_s / 86'400;
  out.found = days < 0 || *seen.certificate_s <= 0
                  ? "a certificate has expired"
                  : fmt::format("the first certificate ends in {}", count_of(days, "day"));
  if (days >= kCertificateDays) {
    out.points = 4;
  } else {
    out.next = "slipway edge certificate renew, and see why it was not by itself";
  }
  return out;
}

ReadinessItem heard(const config::Environment& settings, const Sightings& seen) {
  ReadinessItem out{"heard", 0, 4, "there is no channel", "channels: { team: { type: slack, … } }"};
  if (settings.channels.empty()) return out;
  std::vector<std::string> silent;
  for (const auto& [name, channel] : settings.channels) {
    const auto sent = seen.channels.find(name);
    if (sent == seen.channels.end() || days_since(seen, sent->second) > kChannelDays)
      silent.push_back(name);
  }
  const auto all = std::ssize(settings.channels);
  out.points = static_cast<int>(4 * (all - std::ssize(silent)) / all);
  out.found =
      silent.empty()
          ? fmt::format("something reached every channel within {} days", kChannelDays)
          : fmt::format("nothing reached {} within {} days", join(silent, ", "), kChannelDays);
  out.next = silent.empty() ? "" : "send a test message: slipway channel test " + settings.name;
  return out;
}

// Three of the four points at most: that they are taken and tested is asked for, not seen here.
ReadinessItem own_backups(const config::Environment& settings) {
  const config::BackupSettings& backup = settings.database.backup;
  return {
      "backups", 3, 4,
      fmt::format("slipway takes backups and restores one every {}", to_text(backup.restore_test)),
      "prove the newest now: slipway db verify " + settings.name};
}

ReadinessItem backups(const config::Environment& settings) {
  if (settings.database.backup.is_set) return own_backups(settings);
  const bool checked = std::any_of(settings.gates.checks.begin(), settings.gates.checks.end(),
                                   [](const auto& check) {
                                     return check.kind == config::GateCheck::Kind::Run &&
                                            check.name.find("backup") != std::string::npos;
                                   });
  return {"backups", checked ? 2 : 0, 4,
          checked ? "a command of yours looks before each release; slipway itself has restored none"
                  : "no backup is known of",
          checked ? "restore one by hand now and then: only that proves it"
                  : "database: { url: postgresql://…, backup: { tool: auto } }"};
}
}  // namespace

std::vector<ReadinessItem> seen_items(const config::Environment& settings, const Sightings* seen) {
  if (seen != nullptr) {
    return {released(*seen),        drill(*seen),     well(*seen), certificate(settings, *seen),
            heard(settings, *seen), backups(settings)};
  }
  std::vector<ReadinessItem> out;
  for (const auto* name : {"released", "drill", "well", "certificate", "heard"})
    out.push_back(
        {name, 0, 4, "not known: no daemon was asked", "ask where a daemon runs: slipway daemon"});
  out.push_back(backups(settings));
  return out;
}

Json to_json(const Sightings& sightings) {
  Json channels = Json::object();
  for (const auto& [name, at_ms] : sightings.channels) channels.set(name, at_ms);
  Json out = Json::object()
                 .set("now_ms", sightings.now_ms)
                 .set("outcomes", Json::array_of(sightings.outcomes))
                 .set("last_rollback_ms", sightings.last_rollback_ms)
                 .set("instances", sightings.instances)
                 .set("unwell", Json::array_of(sightings.unwell))
                 .set("probed", sightings.probed)
                 .set("channels", std::move(channels));
  if (sightings.certificate_s) out.set("certificate_s", *sightings.certificate_s);
  return out;
}

Sightings sightings_from_json(const Json& json) {
  Sightings out;
  out.now_ms = json.integer("now_ms");
  out.outcomes = json.strings("outcomes");
  out.last_rollback_ms = json.integer("last_rollback_ms");
  out.instances = static_cast<int>(json.integer("instances"));
  out.unwell = json.strings("unwell");
  out.probed = json.flag("probed");
  for (const auto& [name, at] : json.at("channels").members())
    out.channels[name] = json.at("channels").integer(name);
  if (json.at("certificate_s").is_int()) out.certificate_s = json.integer("certificate_s");
  return out;
}

}  // namespace slipway::plan

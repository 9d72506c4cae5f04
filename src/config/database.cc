#include "config/database.h"

namespace slipway::config {

std::string_view name_of(ContractTime time) {
  switch (time) {
    case ContractTime::AfterRetire:
      return "after_retire";
    case ContractTime::NextRelease:
      return "next_release";
    case ContractTime::Manual:
      return "manual";
  }
  return "next_release";
}

ContractTime parse_contract_time(std::string_view name) {
  for (const auto time : {ContractTime::AfterRetire, ContractTime::Manual})
    if (name == name_of(time)) return time;
  return ContractTime::NextRelease;
}

std::string_view name_of(Rehearse rehearse) {
  switch (rehearse) {
    case Rehearse::Auto:
      return "auto";
    case Rehearse::Require:
      return "require";
    case Rehearse::Off:
      return "off";
  }
  return "auto";
}

Rehearse parse_rehearse(std::string_view name) {
  for (const auto rehearse : {Rehearse::Require, Rehearse::Off})
    if (name == name_of(rehearse)) return rehearse;
  return Rehearse::Auto;
}

std::string secret_in(std::string_view url) {
  constexpr std::string_view kBegin = "${secret.";
  if (!url.starts_with(kBegin) || !url.ends_with('}')) return {};
  return std::string(url.substr(kBegin.size(), url.size() - kBegin.size() - 1));
}

Json to_json(const DatabaseSettings& database) {
  const auto& migrations = database.migrations;
  Json out = Json::object()
                 .set("url", database.url)
                 .set("migrations", Json::object()
                                        .set("in_release", migrations.in_release)
                                        .set("tool", migrations.tool)
                                        .set("path", migrations.path)
                                        .set("command", migrations.command)
                                        .set("lock_timeout_ms", migrations.lock_timeout.count())
                                        .set("wait_ms", migrations.wait.count())
                                        .set("contract", name_of(migrations.contract))
                                        .set("rehearse", name_of(migrations.rehearse))
                                        .set("max_lag_ms", migrations.max_lag.count())
                                        .set("max_latency_ms", migrations.max_latency.count()))
                 .set("copy_of", database.copy_of)
                 .set("anonymise", database.anonymise);
  if (!database.secret.name.empty())
    out.set("secret", to_json(database.secret).set("name", database.secret.name));
  return out;
}

DatabaseSettings database_from_json(const Json& json) {
  DatabaseSettings out;
  out.url = json.text("url");
  const Json& secret = json.at("secret");
  out.secret = {secret.text("name"), secret.text("env"), secret.text("file"),
                secret.text("command")};
  const Json& migrations = json.at("migrations");
  auto& to = out.migrations;
  to.in_release = migrations.flag("in_release");
  to.tool = migrations.text("tool", to.tool);
  to.path = migrations.text("path", to.path);
  to.command = migrations.text("command");
  to.lock_timeout = Millis(migrations.integer("lock_timeout_ms", to.lock_timeout.count()));
  to.wait = Millis(migrations.integer("wait_ms", to.wait.count()));
  to.contract = parse_contract_time(migrations.text("contract"));
  to.rehearse = parse_rehearse(migrations.text("rehearse"));
  to.max_lag = Millis(migrations.integer("max_lag_ms", to.max_lag.count()));
  to.max_latency = Millis(migrations.integer("max_latency_ms", to.max_latency.count()));
  out.copy_of = json.text("copy_of");
  out.anonymise = json.text("anonymise", out.anonymise);
  return out;
}

}  // namespace slipway::config

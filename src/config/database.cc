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

namespace {
Json whole(const SecretRef& secret) { return to_json(secret).set("name", secret.name); }
SecretRef secret_from(const Json& json) {
  return {json.text("name"), json.text("env"), json.text("file"), json.text("command")};
}
}  // namespace

Json to_json(const BackupSettings& backup) {
  Json out = Json::object()
                 .set("tool", backup.tool)
                 .set("repository", backup.repository)
                 .set("folder", backup.folder)
                 .set("full_ms", backup.full.count())
                 .set("incremental_ms", backup.incremental.count())
                 .set("keep_ms", backup.keep.count())
                 .set("keep_full", backup.keep_full)
                 .set("processes", backup.processes)
                 .set("restore_test_ms", backup.restore_test.count())
                 .set("rpo_ms", backup.rpo.count())
                 .set("stop_server", backup.stop_server)
                 .set("start_server", backup.start_server);
  if (!backup.passphrase.name.empty()) out.set("passphrase", whole(backup.passphrase));
  if (backup.s3.bucket.empty()) return out;
  return out.set("s3", Json::object()
                           .set("bucket", backup.s3.bucket)
                           .set("endpoint", backup.s3.endpoint)
                           .set("region", backup.s3.region)
                           .set("path", backup.s3.path)
                           .set("key", whole(backup.s3.key))
                           .set("secret", whole(backup.s3.secret)));
}

BackupSettings backup_from_json(const Json& json) {
  BackupSettings out;
  if (!json.is_object()) return out;
  const auto time = [&json](const char* name, Millis otherwise) {
    return Millis(json.integer(name, otherwise.count()));
  };
  out.is_set = true;
  out.tool = json.text("tool", out.tool);
  out.repository = json.text("repository");
  out.folder = json.text("folder");
  out.passphrase = secret_from(json.at("passphrase"));
  out.full = time("full_ms", out.full);
  out.incremental = time("incremental_ms", out.incremental);
  out.keep = time("keep_ms", out.keep);
  out.keep_full = static_cast<int>(json.integer("keep_full"));
  out.processes = static_cast<int>(json.integer("processes", out.processes));
  out.restore_test = time("restore_test_ms", out.restore_test);
  out.rpo = time("rpo_ms", out.rpo);
  out.stop_server = json.text("stop_server");
  out.start_server = json.text("start_server");
  const Json& s3 = json.at("s3");
  out.s3 = {s3.text("bucket"),    s3.text("endpoint"),       s3.text("region"),
            s3.text("path", "/"), secret_from(s3.at("key")), secret_from(s3.at("secret"))};
  return out;
}

Json to_json(const DatabaseSettings& database) {
  const auto& migrations = database.migrations;
  Json out =
      Json::object()
          .set("url", database.url)
          .set("migrations", Json::object()
                                 .set("in_release", migrations.in_release)
                                 .set("tool", migrations.tool)
                                 .set("path", migrations.path)
                                 .set("command", migrations.command)
                                 .set("lock_timeout_ms", migrations.lock_timeout.count())
                                 .set("wait_ms", migrations.wait.count())
                                 .set("contract", name_of(migrations.contract))
                                 .set("safety_point", migrations.safety_point)
                                 .set("safety_point_age_ms", migrations.safety_point_age.count())
                                 .set("rehearse", name_of(migrations.rehearse))
                                 .set("rehearse_on", migrations.rehearse_on)
                                 .set("max_lag_ms", migrations.max_lag.count())
                                 .set("max_latency_ms", migrations.max_latency.count()))
          .set("pool", database.pool)
          .set("app_role", database.app_role)
          .set("copy_of", database.copy_of)
          .set("anonymise", database.anonymise);
  if (!database.secret.name.empty()) out.set("secret", whole(database.secret));
  if (database.backup.is_set) out.set("backup", to_json(database.backup));
  return out;
}

DatabaseSettings database_from_json(const Json& json) {
  DatabaseSettings out;
  out.url = json.text("url");
  out.secret = secret_from(json.at("secret"));
  const Json& migrations = json.at("migrations");
  auto& to = out.migrations;
  to.in_release = migrations.flag("in_release");
  to.tool = migrations.text("tool", to.tool);
  to.path = migrations.text("path", to.path);
  to.command = migrations.text("command");
  to.lock_timeout = Millis(migrations.integer("lock_timeout_ms", to.lock_timeout.count()));
  to.wait = Millis(migrations.integer("wait_ms", to.wait.count()));
  to.contract = parse_contract_time(migrations.text("contract"));
  to.safety_point = migrations.text("safety_point", to.safety_point);
  to.safety_point_age =
      Millis(migrations.integer("safety_point_age_ms", to.safety_point_age.count()));
  out.backup = backup_from_json(json.at("backup"));
  out.pool = static_cast<int>(json.integer("pool"));
  out.app_role = json.text("app_role");
  to.rehearse = parse_rehearse(migrations.text("rehearse"));
  to.rehearse_on = migrations.text("rehearse_on", to.rehearse_on);
  to.max_lag = Millis(migrations.integer("max_lag_ms", to.max_lag.count()));
  to.max_latency = Millis(migrations.integer("max_latency_ms", to.max_latency.count()));
  out.copy_of = json.text("copy_of");
  out.anonymise = json.text("anonymise", out.anonymise);
  return out;
}

}  // namespace slipway::config

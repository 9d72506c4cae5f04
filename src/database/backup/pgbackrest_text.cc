#include "database/backup/pgbackrest_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "io/files.h"

namespace slipway::database::backup {
namespace {
std::string repository_lines(const Settings& settings) {
  if (settings.bucket.name.empty()) return fmt::format("repo1-path={}\n", settings.repository);
  const auto& bucket = settings.bucket;
  return fmt::format(
      "repo1-type=s3\nrepo1-path={}\nrepo1-s3-bucket={}\nrepo1-s3-endpoint={}\n"
      "repo1-s3-region={}\nrepo1-s3-key={}\nrepo1-s3-key-secret={}\n",
      bucket.path, bucket.name, bucket.endpoint, bucket.region, bucket.key, bucket.secret);
}

std::string keep_lines(const Settings& settings) {
  if (settings.keep_full > 0)
    return fmt::format("repo1-retention-full-type=count\nrepo1-retention-full={}\n",
                       settings.keep_full);
  constexpr Millis kDay = std::chrono::hours(24);
  return fmt::format("repo1-retention-full-type=time\nrepo1-retention-full={}\n",
                     (settings.keep + kDay - Millis(1)) / kDay);
}

WallTime seconds(const Json& json, std::string_view key) {
  return from_unix_ms(json.integer(key) * 1000);
}

Entry entry_of(const Json& json, const std::string& environment) {
  Entry out;
  out.id = json.text("label");
  out.kind = json.text("type") == "full" ? Kind::Full : Kind::Incremental;
  out.started = seconds(json.at("timestamp"), "start");
  out.finished = seconds(json.at("timestamp"), "stop");
  const Json& sizes = json.at("info");
  out.size = static_cast<std::uint64_t>(sizes.integer("size"));
  out.stored = static_cast<std::uint64_t>(sizes.at("repository").integer("delta"));
  out.based_on = json.text("prior");
  out.begin_lsn = json.at("lsn").text("start");
  out.end_lsn = json.at("lsn").text("stop");
  out.environment = environment;
  const Json& notes = json.at("annotation");
  out.release = notes.text("release");
  out.superuser = notes.text("superuser");
  if (json.flag("error")) out.damage = "pages with wrong checksums were in the database";
  return out;
}

// The text between the first pair of quotes.
std::string_view quoted(std::string_view line) {
  const auto begin = line.find('\'');
  const auto end = line.rfind('\'');
  return begin == std::string_view::npos || end <= begin ? std::string_view()
                                                         : line.substr(begin + 1, end - begin - 1);
}

std::size_t number_after(std::string_view line, std::string_view words) {
  const auto at = line.find(words);
  std::size_t out = 0;
  if (at == std::string_view::npos) return 0;
  const auto rest = line.substr(at + words.size());
  std::from_chars(rest.data(), rest.data() + rest.size(), out);
  return out;
}

void read_line(std::string_view line, Verification& out) {
  // What a log line says is said once more in the report; the log begins with a date.
  for (const std::string_view trouble : {"invalid checksum", "file missing", "invalid size"}) {
    if (line.find(std::string(trouble) + " '") == std::string_view::npos) continue;
    const auto path = quoted(line.substr(line.find(trouble)));
    const auto slash = path.find('/');
    // A backup's name begins with its day: 20261122-014451F; the archive's with its version: 15-1.
    const bool is_backup = slash != std::string_view::npos && slash > 8 && path[8] == '-';
    out.findings.push_back(
        {is_backup ? std::string(path.substr(0, slash)) : std::string(),
         std::string(is_backup ? path.substr(slash + 1) : path),
         trouble == "file missing" ? "is missing" : "is damaged: " + std::string(trouble)});
    return;
  }
}
// Timeline, log and segment of a WAL file's name: 000000010000000000000004.
struct Wal {
  std::uint32_t timeline = 0;
  std::uint32_t log = 0;
  std::uint32_t segment = 0;
  static std::optional<Wal> of(std::string_view name) {
    constexpr std::size_t kLength = 24;
    constexpr std::size_t kPart = 8;
    if (name.size() < kLength) return std::nullopt;
    // Behind the name stands a checksum, or ".backup" of a file that is not WAL.
    if (name.size() > kLength && name[kLength] != '-') return std::nullopt;
    std::uint32_t parts[3] = {};
    for (std::size_t i = 0; i < 3; ++i) {
      const char* begin = name.data() + i * kPart;
      const auto [at, trouble] = std::from_chars(begin, begin + kPart, parts[i], 16);
      if (trouble != std::errc() || at != begin + kPart) return std::nullopt;
    }
    return Wal{parts[0], parts[1], parts[2]};
  }
  bool is_followed_by(const Wal& next) const {
    if (next.timeline != timeline) return true;
    if (next.log == log) return next.segment <= segment + 1;
    return next.log == log + 1 && next.segment == 0;  // how many a log has is the server's choice
  }
};
}  // namespace

std::string stanza_of(const Settings& settings) {
  return settings.app + "-" + settings.environment;
}

std::string configuration(const Settings& settings, const Server* server) {
  const bool is_folder = settings.bucket.name.empty();
  std::string out = "# Written by slipway; what is changed here is written over.\n[global]\n";
  out += repository_lines(settings);
  out += keep_lines(settings);
  if (!settings.passphrase.empty())
    out += "repo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=" + settings.passphrase + "\n";
  out += fmt::format(
      "repo1-bundle=y\ncompress-type=zst\nprocess-max={}\nstart-fast=y\nlog-level-file=off\n"
      "log-level-console=warn\nlog-level-stderr=off\nlock-path={}\n",
      settings.processes, io::join_path(is_folder ? settings.repository : settings.folder, "run"));
  out += "\n[" + stanza_of(settings) + "]\n";
  if (server == nullptr) return out;
  return out + fmt::format("pg1-path={}\npg1-port={}\npg1-socket-path={}\npg1-user={}\n",
                           server->cluster, server->port, server->socket, server->superuser);
}

std::string archive_command(const Settings& settings) {
  return fmt::format("pgbackrest --config={} --stanza={} archive-push %p",
                     io::join_path(settings.folder, "pgbackrest.conf"), stanza_of(settings));
}

Result<Listing> read_listing(const std::string& json, const std::string& environment) {
  const auto all = TRY(Json::parse(json));
  Listing out;
  if (all.items().empty()) return out;
  const Json& stanza = all.items().front();
  const auto status = stanza.at("status").integer("code");
  out.has_stanza = !stanza.at("db").items().empty();
  // 0 ok; 1 missing stanza; 2 no backups; 3 missing data: all told by what is there.
  if (status > 3)
    return Error(Code::CommandFailed,
                 "pgbackrest info says: " + stanza.at("status").text("message"),
                 "look at the repository and its passphrase");
  std::string identifier;
  int version = 0;
  for (const auto& one : stanza.at("db").items()) {
    identifier = std::to_string(one.integer("system-id"));
    version = std::atoi(one.text("version").c_str());
  }
  for (const auto& one : stanza.at("archive").items())
    if (!one.text("max").empty()) out.archived = one.text("max");
  for (const auto& one : stanza.at("backup").items()) {
    auto entry = entry_of(one, environment);
    entry.system_identifier = identifier;
    entry.server_version = version;
    out.entries.push_back(std::move(entry));
  }
  return out;
}

std::vector<std::string> archive_gaps(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  std::vector<std::string> out;
  std::optional<Wal> before;
  std::string before_name;
  for (const auto& name : names) {
    const auto wal = Wal::of(name);
    if (!wal) continue;
    if (before && !before->is_followed_by(*wal))
      out.push_back(fmt::format("changes are missing between {} and {}", before_name.substr(0, 24),
                                name.substr(0, 24)));
    before = wal;
    before_name = name;
  }
  return out;
}

Verification read_verification(const std::string& text) {
  Verification out;
  bool is_wrong = false;
  for (const auto line : split(text, '\n')) {
    read_line(line, out);
    const bool is_report = line.find(" INFO:") == std::string_view::npos;
    if (line.find("status: error") != std::string_view::npos ||
        line.find("status: invalid") != std::string_view::npos ||
        line.find("ERROR:") != std::string_view::npos)
      is_wrong = true;
    if (!is_report) continue;
    out.files += number_after(line, "total files checked: ");
    out.files += number_after(line, "total WAL checked: ");
  }
  if (is_wrong && out.findings.empty())
    out.findings.push_back({"", "", "pgbackrest verify finds the repository in error"});
  return out;
}

}  // namespace slipway::database::backup

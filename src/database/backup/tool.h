#pragma once
// Backups by one of two tools behind one face: pgBackRest where slipway reaches the server's files,
// pg_dump elsewhere. Everything blocks; it runs in the process of a verb.
//
// At most one backup, restore point or clean-up per repository at a time: the others get LeaseHeld,
// a restore point after Settings::wait.
// Whatever is cut off, by kill -9 too, is never listed as good and is cleaned by the next backup.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "database/backup/catalogue.h"
#include "database/backup/restore.h"
#include "database/backup/since.h"

namespace slipway::database::backup {

struct Bucket {      // S3
  std::string name;  // "": a folder
  std::string endpoint;
  std::string region;
  std::string path = "/";
  std::string key;
  std::string secret;
};

struct Settings {
  std::string tool = "auto";  // auto | pgbackrest | pg_dump
  std::string app;
  std::string environment;
  std::string release;     // written into what is made; may be ""
  std::string url;         // the database, with its password
  std::string repository;  // absolute
  std::string folder;      // absolute: configuration, notes, lock
  std::string passphrase;
  Bucket bucket;
  Millis keep{std::chrono::hours(30 * 24)};
  int keep_full = 0;  // 0: by `keep`
  int processes = 2;
  std::string stop_server;  // commands; "": a person does
  std::string start_server;
  Millis rpo{300'000};
  Millis interval{3'600'000};  // between two backups: what is lost at most with dumps
  Millis wait{0};              // a restore point waits so long for a backup that is under way
};

struct Progress {
  std::string phase;  // "copying", "replaying", "waiting" …
  std::string text;   // one line
  double done = -1;   // 0..1; -1: not known
};

struct World {
  Clock& clock;
  std::function<void(const Progress&)> on_progress{};  // may be empty
  std::function<bool()> interrupted{};                 // Ctrl-C; may be empty
  // Around the moment a safety point stands for, so that what it must hold can be noted; may be
  // empty. Called close to it: writers go on meanwhile.
  enum class Moment { Before, After };
  std::function<Result<void>(Moment)> at_point{};
};

// What is missing before backups can be made; empty: nothing.
struct Setup {
  Tool tool = Tool::PgBackRest;
  std::string why;                      // this tool
  std::vector<std::string> missing;     // sentences
  std::vector<std::string> statements;  // SQL that puts it right
  bool needs_restart = false;           // of PostgreSQL, after the statements
  std::string archive_command;          // as it must be; "" with dumps
  bool is_ready() const { return missing.empty(); }
};

// What verifying found. A backup that is good in name only is worse than none.
struct Finding {
  std::string entry;  // "" when it is not one backup's
  std::string file;   // "" when it is not one file's
  std::string what;   // "is 0 bytes long", "has another SHA-256 than its manifest says"
};
struct Verification {
  std::size_t files = 0;  // looked at
  std::vector<Finding> findings;
  bool is_good() const { return findings.empty(); }
};
Json to_json(const Verification& verification);

struct SafetyPoint {
  RestorePoint point;
  bool is_moment = true;        // false: a dump
  std::optional<Entry> backup;  // taken for it, the newest being too old
  double backup_seconds = 0;    // of it
  double point_seconds = 0;     // the point itself
  double archive_seconds = 0;   // until its WAL was seen in the repository
};
Json to_json(const SafetyPoint& point);

class BackupTool {
 public:
  virtual ~BackupTool() = default;
  virtual Tool tool() const = 0;

  // Looks, and changes nothing.
  virtual Result<Setup> look_at_setup() = 0;
  // Writes the tool's configuration and makes the repository; with `apply` also runs the
  // statements. What still is missing comes back.
  enum class Apply { Nothing, Statements };
  virtual Result<Setup> set_up(Apply apply) = 0;

  // Cleans what was cut off, makes the backup, and removes what need not be kept any more. An
  // incremental one becomes full when there is no full one.
  virtual Result<Entry> backup(Kind kind) = 0;
  virtual Result<Catalogue> list() = 0;
  // Reads every file of one backup ("": of all) and of the archive, and compares.
  virtual Result<Verification> verify(const std::string& id) = 0;
  // The ids that went.
  virtual Result<std::vector<std::string>> expire() = 0;
  // A named moment to come back to. The newest backup is at most `fresh` old afterwards, and the
  // point's WAL is in the repository.
  virtual Result<SafetyPoint> safety_point(const std::string& name, Millis fresh) = 0;
  virtual Result<Restored> restore(const RestoreRequest& request) = 0;
  // Puts back what a restore in place had moved aside, when that was cut off half-way, and sees to
  // it that the server runs. Where it was kept; "" when nothing had been moved.
  virtual Result<std::string> give_up_in_place() = 0;
  // What a restore to this point would take away now.
  virtual Result<SinceThen> since_point(const std::string& name) = 0;
};

// Refused with the reason when the tool asked for cannot be used here.
Result<std::unique_ptr<BackupTool>> make_tool(const Settings& settings, const World& world);

}  // namespace slipway::database::backup

#pragma once
// What a restore is asked for, and what it says afterwards.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "database/postgres/scratch_server.h"

namespace slipway::database::backup {

struct RestoreRequest {
  // Up to where. Newest: all that is in the repository. Entry: the backup as it was when it was
  // finished, nothing after it.
  enum class Until { Newest, Time, Point, Entry } until = Until::Newest;
  WallTime time{};
  std::string name;  // of the point, or id of the entry

  // Into a folder that is not there or empty, as a cluster of its own; or "" for in place: where
  // the server (or, for a dump, the database) stands. What stood there is moved aside, not removed.
  std::string into;
  // In place: sessions that have not ended by then are named, and refuse it; or are ended.
  enum class Sessions { Refuse, Disconnect } sessions = Sessions::Refuse;
  Millis leave_within{0};
  // In place, told before the next thing is done. Moved: what stood there is aside (`kept`), and
  // nothing whole has taken its place yet. Copied: the new one is whole; it is started next.
  enum class Stage { Moved, Copied };
  std::function<void(Stage stage, const std::string& kept)> on_stage{};
  // In place: an error when the server does not answer in the end; without, whoever is to start it
  // is not waited for.
  bool must_answer = false;
  // In place: an earlier run came as far as Copied. The server is started and waited for.
  bool is_copied = false;
  // Another server than the backup's may be restored to.
  bool accepts_other_server = false;

  // After a restore into a folder. KeepRunning: it answers on Restored::server, for as long as that
  // lives; never reachable but by its own socket, never archiving.
  enum class Afterwards { Stop, KeepRunning } afterwards = Afterwards::Stop;
  bool is_durable = true;       // false for a throw-away: no fsync while it replays
  Millis patience{86'400'000};  // replaying
};

struct Restored {
  std::string entry;       // the backup it began with
  std::string folder;      // the cluster; "" for a dump in place
  std::string database;    // dumps: its name
  std::string kept;        // in place: where what stood there is now
  std::string lsn;         // up to which it was replayed; "" with dumps
  WallTime last_commit{};  // of the newest transaction that is in it; 0 when it is not known
  std::string system_identifier;
  double copy_seconds = 0;    // out of the repository
  double replay_seconds = 0;  // until it answers
  double seconds = 0;
  std::unique_ptr<postgres::ScratchServer> server;  // KeepRunning
};
Json to_json(const Restored& restored);

// DiskFull when the disk of `folder` has less room than that.
Result<void> check_room(const std::string& folder, std::uint64_t bytes);

// A restore that was cut off leaves this beside its folder; until it is complete nothing should use
// the folder, and the next restore into it begins anew.
std::string mark_of(const std::string& folder);  // "/x/scratch.slipway-restore"
bool is_unfinished(const std::string& folder);

}  // namespace slipway::database::backup

#pragma once
// Chores: which backup or restore test of a database is due. Pure: time comes in, what was done
// comes in. What was missed while nobody ran is made up for once, not as often as it was missed.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "config/database.h"

namespace slipway::daemon {

enum class Chore { FullBackup, Backup, RestoreTest };
std::string_view name_of(Chore chore);  // "full backup"

// What was done of one chore. Wall times, milliseconds; 0: never.
struct Done {
  std::int64_t well_ms = 0;   // the newest that succeeded: when it began
  std::int64_t tried_ms = 0;  // the newest: when it began
  bool has_failed = false;    // the newest did
  bool was_held = false;      // the newest met somebody else at work, which is no failure
  friend bool operator==(const Done&, const Done&) = default;
};
struct Diary {
  Done full;
  Done backup;
  Done test;
  double rto_seconds = -1;  // of the newest restore test that was good
  std::string entry;        // the backup it restored
  Done& of(Chore chore);
  const Done& of(Chore chore) const;
};
Json to_json(const Diary& diary);
Diary diary_from_json(const Json& json);  // what is absent was never done

inline constexpr Millis kAfterFailure{600'000};
inline constexpr Millis kWhileHeld{30'000};

// The gravest one that is due; nullopt: none is.
std::optional<Chore> due(const config::BackupSettings& settings, const Diary& diary,
                         std::int64_t now_ms);

}  // namespace slipway::daemon

#include "daemon/chores.h"

#include <algorithm>

namespace slipway::daemon {
namespace {
// A clock that was set back is not believed for long.
constexpr std::int64_t kClockSlack = 60'000;

bool has_passed(std::int64_t since_ms, Millis time, std::int64_t now_ms) {
  if (since_ms == 0 || since_ms > now_ms + kClockSlack) return true;
  return now_ms - since_ms >= time.count();
}

bool is_resting(const Done& done, Millis every, std::int64_t now_ms) {
  if (!done.has_failed && !done.was_held) return false;
  const Millis rest = done.has_failed ? kAfterFailure : kWhileHeld;
  return !has_passed(done.tried_ms, std::min(rest, every), now_ms);
}

Json to_json(const Done& done) {
  return Json::object()
      .set("well_ms", done.well_ms)
      .set("tried_ms", done.tried_ms)
      .set("has_failed", done.has_failed)
      .set("was_held", done.was_held);
}

Done done_from_json(const Json& json) {
  return {json.integer("well_ms"), json.integer("tried_ms"), json.flag("has_failed"),
          json.flag("was_held")};
}
}  // namespace

std::string_view name_of(Chore chore) {
  switch (chore) {
    case Chore::FullBackup:
      return "full backup";
    case Chore::Backup:
      return "backup";
    case Chore::RestoreTest:
      return "restore test";
  }
  return {};
}

Done& Diary::of(Chore chore) {
  return chore == Chore::FullBackup ? full : chore == Chore::Backup ? backup : test;
}
const Done& Diary::of(Chore chore) const { return const_cast<Diary&>(*this).of(chore); }

Json to_json(const Diary& diary) {
  return Json::object()
      .set("full", to_json(diary.full))
      .set("backup", to_json(diary.backup))
      .set("test", to_json(diary.test))
      .set("rto_seconds", diary.rto_seconds)
      .set("entry", diary.entry);
}

Diary diary_from_json(const Json& json) {
  Diary out;
  out.full = done_from_json(json.at("full"));
  out.backup = done_from_json(json.at("backup"));
  out.test = done_from_json(json.at("test"));
  out.rto_seconds = json.number("rto_seconds", out.rto_seconds);
  out.entry = json.text("entry");
  return out;
}

std::optional<Chore> due(const config::BackupSettings& settings, const Diary& diary,
                         std::int64_t now_ms) {
  if (!settings.is_set) return std::nullopt;
  if (has_passed(diary.full.well_ms, settings.full, now_ms) &&
      !is_resting(diary.full, settings.full, now_ms))
    return Chore::FullBackup;
  const auto newest = std::max(diary.full.well_ms, diary.backup.well_ms);
  // Without a full one there is nothing to add to, nor to restore.
  if (newest == 0) return std::nullopt;
  if (has_passed(newest, settings.incremental, now_ms) &&
      !is_resting(diary.backup, settings.incremental, now_ms))
    return Chore::Backup;
  if (has_passed(diary.test.well_ms, settings.restore_test, now_ms) &&
      !is_resting(diary.test, settings.restore_test, now_ms))
    return Chore::RestoreTest;
  return std::nullopt;
}

}  // namespace slipway::daemon

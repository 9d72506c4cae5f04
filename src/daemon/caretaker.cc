#include "daemon/caretaker.h"

#include <fmt/core.h>

#include "base/text.h"
#include "daemon/releases.h"
#include "daemon/standstill.h"

namespace slipway::daemon {
namespace {
using State = ports::ErrandView::State;

constexpr Millis kTick{1'000};
constexpr Millis kMostTime{std::chrono::hours(24)};
constexpr const char* kKey = "chore";
constexpr double kMillisPerSecond = 1000;

std::string place_of(const ports::AppRef& app) { return app.app + "/" + app.environment; }
std::string key_of(const ports::AppRef& app) { return "chores/" + place_of(app); }

ports::Errand errand_of(Chore chore, const config::Environment& settings) {
  ports::Errand out;
  out.database = settings.database;
  out.dir = settings.folder;
  out.by_url = false;
  out.most_time = kMostTime;
  if (chore == Chore::RestoreTest)
    out.words = {"db", "verify", settings.name};
  else
    out.words = {"db", "backup", settings.name};
  if (chore == Chore::FullBackup) out.words.emplace_back("--full");
  return out;
}

// Somebody else makes one right now: that is no failure.
bool is_held(const ports::ErrandView& view) {
  return view.state == State::Failed && view.code == facts_of(Code::LeaseHeld).name;
}

// A restore test that ends with faults has an answer; the first of them is why.
std::string why(const ports::ErrandView& view) {
  const auto faults = view.answer.strings("faults");
  if (faults.empty()) return view.text;
  return view.answer.text("entry") + " is not good: " + faults.front() +
         (faults.size() > 1 ? fmt::format(", and {} more", faults.size() - 1) : "");
}
}  // namespace

std::optional<ports::Notice> notice_of(Chore chore, const ports::AppRef& app, const Done& before,
                                       const ports::ErrandView& view, std::int64_t began_ms) {
  const bool is_well = view.state == State::Done;
  const bool is_test = chore == Chore::RestoreTest;
  // A failure is told when it begins and when it is over, not each time it is tried again.
  if (is_well ? !before.has_failed && !is_test : before.has_failed) return std::nullopt;
  ports::Notice out;
  out.kind = "backup";
  out.subject = place_of(app) + "/backup/" + std::string(name_of(chore));
  out.key = out.subject + "/" + std::to_string(began_ms);
  out.app = app.app;
  out.environment = app.environment;
  const std::string what = fmt::format("{} {}: {}", app.app, app.environment, name_of(chore));
  if (!is_well) {
    out.turn = ports::Turn::Opens;
    out.severity = is_test ? ports::Severity::Critical : ports::Severity::Warning;
    out.text = what + " failed: " + why(view);
    return out;
  }
  out.turn = before.has_failed ? ports::Turn::Closes : ports::Turn::Event;
  out.text = is_test ? fmt::format("{}: {} is good, back in {:.1f}s", what,
                                   view.answer.text("entry"), view.answer.number("rto_seconds"))
                     : what + " is well again";
  return out;
}

void Caretaker::start() {
  thread_ = std::thread([this] { work(); });
}

void Caretaker::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  work_.reset();
}

void Caretaker::work() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, kTick, [this] { return closing_; })) return;
    }
    look();
  }
}

void Caretaker::look() {
  if (work_) {
    const auto view = work_->drivers->errands->look(kKey);
    if (view.state == State::Running) return;
    finish(view);
  }
  const auto apps = lookout_.apps();
  if (!apps) return;
  for (const auto& app : *apps)
    if (begin(app)) return;
}

bool Caretaker::begin(const ports::AppRef& app) {
  const auto settings = lookout_.settings(app);
  if (!settings || !settings->database.backup.is_set || releases_.running(app)) return false;
  // Somebody works on the database itself.
  const auto standing = standing_of(house_.store, app);
  if (!standing || standing->has_value()) return false;
  const auto chore = due(settings->database.backup, diary_of(app), house_.now_ms());
  if (!chore) return false;
  auto drivers = lookout_.make_drivers(app);
  if (!drivers || !(*drivers)->errands) return false;
  work_ = Work{app, *chore, house_.now_ms(), *settings, std::move(drivers).value()};
  work_->drivers->errands->begin(kKey, errand_of(*chore, *settings));
  house_.log.note("daemon", fmt::format("{} of {} began", name_of(*chore), place_of(app)));
  return true;
}

void Caretaker::finish(const ports::ErrandView& view) {
  const Work work = std::move(*work_);
  work_.reset();
  const Diary before = diary_of(work.app);
  Diary after = before;
  auto& done = after.of(work.chore);
  done.tried_ms = work.began_ms;
  done.was_held = is_held(view);
  if (!done.was_held) done.has_failed = view.state != State::Done;
  if (view.state == State::Done) done.well_ms = work.began_ms;
  if (view.state == State::Done && work.chore == Chore::RestoreTest) {
    after.rto_seconds = view.answer.number("rto_seconds");
    after.entry = view.answer.text("entry");
  }
  // Told before it is put down: after a crash it is told again, under the same key.
  if (done.was_held)
    house_.log.note("daemon", fmt::format("{} of {} waits: {}", name_of(work.chore),
                                          place_of(work.app), why(view)));
  else
    tell(work, before, view);
  keep(work.app, after);
}

void Caretaker::tell(const Work& work, const Diary& before, const ports::ErrandView& view) {
  auto notice = notice_of(work.chore, work.app, before.of(work.chore), view, work.began_ms);
  const std::string what = fmt::format("{} of {} ", name_of(work.chore), place_of(work.app)) +
                           (view.state == State::Done ? "is done" : "failed: " + why(view));
  if (view.state == State::Done)
    house_.log.note("daemon", what);
  else
    house_.log.warning("daemon", what);
  if (!notice) return;
  ports::Telling telling;
  telling.notice = std::move(*notice);
  telling.notice.at_ms = house_.now_ms();
  const auto& settings = work.settings;
  for (const auto* channel :
       config::channels_for(settings.channels, settings.notify, telling.notice.kind))
    telling.to.push_back({channel->name, config::to_json(*channel)});
  const auto told = house_.store.tell(telling);
  if (!told) house_.log.warning("daemon", told.error().in("telling of a backup").sentence());
}

Diary Caretaker::diary_of(const ports::AppRef& app) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = diaries_.find(app);
    if (found != diaries_.end()) return found->second;
  }
  const auto kept = house_.store.value(key_of(app));
  if (!kept) return {};
  const Diary diary = *kept ? diary_from_json(**kept) : Diary();
  const std::lock_guard lock(mutex_);
  diaries_[app] = diary;
  return diary;
}

void Caretaker::keep(const ports::AppRef& app, const Diary& diary) {
  const auto kept = house_.store.set_value(key_of(app), to_json(diary));
  if (!kept) house_.log.warning("daemon", kept.error().in("keeping a backup's time").sentence());
  const std::lock_guard lock(mutex_);
  diaries_[app] = diary;
}

std::map<std::string, double> Caretaker::measures(const ports::AppRef& app) const {
  std::map<std::string, double> out;
  const auto now_ms = house_.now_ms();
  const std::lock_guard lock(mutex_);
  const auto found = diaries_.find(app);
  if (found == diaries_.end()) return out;
  const auto& diary = found->second;
  const auto age = [&](std::int64_t since_ms) {
    return static_cast<double>(std::max<std::int64_t>(0, now_ms - since_ms)) / kMillisPerSecond;
  };
  const auto newest = std::max(diary.full.well_ms, diary.backup.well_ms);
  if (newest > 0) out["db_backup_age"] = age(newest);
  if (diary.test.well_ms > 0) out["db_proof_age"] = age(diary.test.well_ms);
  if (diary.rto_seconds >= 0) out["db_rto"] = diary.rto_seconds;
  return out;
}

}  // namespace slipway::daemon

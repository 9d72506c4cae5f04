#pragma once
// Caretaker: one thread that has backups and restore tests made when they are due, each by slipway
// itself in a process of its own, one at a time in the whole daemon, and none while a release runs
// there. What came of it is kept in the store and told to whom notify names for backup.
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "daemon/chores.h"
#include "daemon/lookout.h"

namespace slipway::daemon {

class Releases;

class Caretaker {
 public:
  Caretaker(House& house, Lookout& lookout, Releases& releases)
      : house_(house), lookout_(lookout), releases_(releases) {}
  ~Caretaker() { close(); }
  void start();
  void close();  // what is under way is stopped; it is due again at the next start

  // db_backup_age, db_proof_age, db_rto: as far as they are known.
  std::map<std::string, double> measures(const ports::AppRef& app) const;

  // One look; start() has them done once a second. For tests.
  void look();

 private:
  struct Work {
    ports::AppRef app;
    Chore chore = Chore::Backup;
    std::int64_t began_ms = 0;
    config::Environment settings;
    std::unique_ptr<DriverSet> drivers;
  };
  void work();
  bool begin(const ports::AppRef& app);
  void finish(const ports::ErrandView& view);
  Diary diary_of(const ports::AppRef& app);
  void keep(const ports::AppRef& app, const Diary& diary);
  void tell(const Work& work, const Diary& before, const ports::ErrandView& view);

  House& house_;
  Lookout& lookout_;
  Releases& releases_;
  std::optional<Work> work_;  // the thread's own
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<ports::AppRef, Diary> diaries_;
  bool closing_ = false;
  std::thread thread_;
};

// What is told of a chore that ended; nullopt: nothing (a backup that went well, as the one
// before). The texts of restore tests say how long it took to have the database back.
std::optional<ports::Notice> notice_of(Chore chore, const ports::AppRef& app, const Done& before,
                                       const ports::ErrandView& view, std::int64_t began_ms);

}  // namespace slipway::daemon

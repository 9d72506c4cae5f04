#pragma once
// What pending migrations are rehearsed on, made for them: production's schema, or its newest
// backup.
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "app/migrate.h"
#include "database/backup/tool.h"
#include "database/rehearsal/ground.h"
#include "database/rehearsal/stage.h"

namespace slipway::app {

// SIGTERM and its like: the scratch server goes at once, and with it what waits for its answer.
class Abandon {
 public:
  Abandon();
  ~Abandon();
  Abandon(const Abandon&) = delete;
  Abandon& operator=(const Abandon&) = delete;
  bool is_asked() const { return is_asked_; }
  // Which stage is ended; nullptr: none any more. The stage lives until then.
  void give(const database::rehearsal::Stage* stage);

 private:
  void watch();
  std::mutex mutex_;
  const database::rehearsal::Stage* stage_ = nullptr;
  std::atomic<bool> is_asked_{false};
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

struct Grounded {
  std::unique_ptr<database::rehearsal::Stage> stage;
  database::rehearsal::Ground ground;
};
using Tell = std::function<void(const std::string&)>;

// The newest good backup, restored below settings.folder. NotFound with the next step when there is
// none.
Result<Grounded> ground_on_backup(const database::backup::Settings& settings, const Tell& tell,
                                  const Abandon& abandon);
// As the migrations' environment has it: production's schema, or, with `on` "backup", its backup,
// with the migrations run that production has and the backup has not. Where that cannot be and
// `may_fall_back`, the schema, and Ground says why.
struct GroundAsked {
  std::string on;  // schema | backup
  enum class Otherwise { Schema, Error } otherwise = Otherwise::Schema;
};
Result<Grounded> ground_for(const Migrating& what, const database::migrations::Look& production,
                            const std::string& state_folder, const GroundAsked& asked,
                            const Tell& tell, const Abandon& abandon);

}  // namespace slipway::app

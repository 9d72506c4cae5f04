#pragma once
// Runs migrations: one transaction per file with its row in the book, or statement by statement
// where that cannot be, taken up again after a crash at any point. Blocking; one Runner per process
// and database, which the turn (turn.h) sees to.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "database/migrations/book.h"
#include "database/migrations/migration.h"
#include "database/migrations/outlook.h"
#include "database/migrations/pulse.h"
#include "database/migrations/script.h"
#include "database/migrations/store.h"
#include "database/migrations/turn.h"
#include "database/migrations/world.h"

namespace slipway::database::migrations {

struct Settings {
  Tool tool = Tool::Plain;
  std::string table;              // of the book; "": the tool's own
  std::string environment;        // "": not recorded
  Millis lock_timeout{100};       // how long others may stand behind a lock that we wait for
  Millis wait{600'000};           // how long to wait for the turn, and for each migration's locks
  bool accepts_database = false;  // it has moved: record it anew
  Millis max_lag{10'000};         // of a replica, before a backfill rests; 0: whatever it is
  Millis max_latency{500};        // of the app, before what runs gives way; 0: whatever it is
};

// The database as it is, before anything is done.
struct Look {
  std::string book;  // "public"."_prisma_migrations"
  bool has_book = false;
  std::vector<Entry> entries;
  std::optional<Running> running;
  Outlook outlook;
};

struct Report {
  std::vector<std::string> applied;  // or taken back
  std::vector<std::string> waiting;  // behind a contract
  std::vector<std::string> blocked;  // of those, what a new release may need to start
};

// How long the app may not be bothered: asked before each batch of a backfill. Zero: go on.
using Throttle = std::function<Millis()>;

class Runner {
 public:
  Runner(std::string url, Settings settings, World world)
      : url_(std::move(url)), settings_(std::move(settings)), world_(std::move(world)) {}

  // Reads only.
  Result<Look> look(const std::vector<Migration>& folder, const Leave& leave);
  // Applies what is pending; `to`: an id to end with, "" for all.
  Result<Report> up(const std::vector<Migration>& folder, const Leave& leave,
                    const std::string& to = {});
  // Takes the last `count` back, newest first.
  Result<Report> down(const std::vector<Migration>& folder, int count);
  void throttle_by(Throttle throttle) { throttle_ = std::move(throttle); }
  // How the app does: what runs gives way to it. Must outlive the run.
  void listen_to(const Pulses& pulses) { pulses_ = &pulses; }
  // How far the furthest replica is behind; by itself it asks pg_stat_replication.
  using Lag = std::function<Result<Millis>(postgres::Connection&)>;
  void lag_by(Lag lag) { lag_ = std::move(lag); }
  // Runs what only the tool itself can run, one migration at a time.
  using Command = std::function<Result<void>(const Migration&)>;
  void command_by(Command command) { command_ = std::move(command); }

 private:
  enum class Way { Up, Down };
  struct Job {
    const Migration& migration;
    const Script& script;
    Way way = Way::Up;
    const Migration* before = nullptr;  // the last one in the book without this one
    Steps steps;
    std::vector<std::string> relations;
    Millis until{0};
  };

  Result<Report> apply(const std::vector<Migration>& folder, const Leave& leave,
                       const std::string& to);
  Result<Report> take_back(const std::vector<Migration>& folder, int count);
  Result<void> begin();
  void end();
  Result<Look> look_at(const std::vector<Migration>& folder, const Leave& leave);
  Result<std::vector<Refusal>> other_tools();
  Result<void> make_book_table();
  Result<Job> job_of(const Migration& migration, Way way, const Migration* before) const;
  Result<void> do_job(const Job& job);
  Result<void> resume(const Running& running, const std::vector<Migration>& folder,
                      const Outlook& outlook);
  Result<void> delegate(const Migration& migration, const std::vector<Migration>& folder);

  Result<void> in_one_transaction(const Job& job);
  Result<void> try_transaction(const Job& job, int attempt);
  Result<void> statements_of(const Job& job);
  Result<void> write_book(const Job& job, Millis took, bool was_started);
  Result<void> commit(const Job& job);

  Result<void> one_by_one(const Job& job);
  Result<void> go_on(const Job& job, Running running, bool is_resumed);
  Result<void> step_in_transaction(const Job& job, std::size_t i, Running& running);
  Result<void> step_alone(const Job& job, std::size_t i, Running& running, bool is_resumed);
  Result<bool> settled_before(const Job& job, const Step& step, const Running& running,
                              bool is_resumed);
  Result<void> run_build(const Job& job, const Step& step);
  Result<void> give_up(const Job& job, const Running& running, Error error);
  Result<void> finish_one_by_one(const Job& job, Millis took);
  Result<void> in_small_transaction(const std::function<Result<void>()>& work);
  Result<void> clean_up(const Job& job, const Alone& alone);

  Result<void> backfill(const Job& job);
  Result<void> rest_for_app(const Job& job, std::int64_t rows_done,
                            const std::optional<Pulse>& before);
  Result<std::string> who_needs_room(const std::optional<Pulse>& before);

  Result<void> rest_before_retry(const Job& job, int attempt, const Error& error);
  bool may_retry() const;
  Result<postgres::Rows> run_guarded(const std::string& statement);
  Error at(const Job& job, const Step& step, const Error& error, const char* standing) const;
  void tell(Event::Kind kind, const std::string& id, std::string what, Json facts = Json::object());

  std::string url_;
  Settings settings_;
  World world_;
  Throttle throttle_;
  const Pulses* pulses_ = nullptr;
  Lag lag_;
  std::string gave_way_;  // why the last statement was given up for the app; "": it was not
  Command command_;
  std::unique_ptr<postgres::Connection> database_;
  std::unique_ptr<Book> book_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Turn> turn_;
};

}  // namespace slipway::database::migrations

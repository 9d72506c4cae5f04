// A migration in one transaction, with its row in the book.
#include <fmt/core.h>

#include "base/crash_point.h"
#include "base/units.h"
#include "database/migrations/guard.h"
#include "database/migrations/holders.h"
#include "database/migrations/runner.h"

namespace slipway::database::migrations {
namespace {
constexpr Millis kFirstLocks(50);  // the first attempts wait no longer than this for a lock
constexpr int kFirstAttempts = 3;
constexpr Millis kLongestRest(2000);
constexpr std::string_view kConnectionBroke = "";
}  // namespace

// Given up when the app suffers under it; the transaction it stood in then is over.
Result<postgres::Rows> Runner::run_guarded(const std::string& statement) {
  const Guard guard(pulses_, world_.clock, settings_.max_latency, *database_);
  auto done = database_->run(statement);
  gave_way_ = done ? std::string() : guard.why();
  return done;
}

bool Runner::may_retry() const {
  if (!gave_way_.empty() && database_->sqlstate() == postgres::Connection::kCancelled)
    return !world_.stop.is_requested();
  const std::string& state = database_->sqlstate();
  return state == postgres::Connection::kLockNotAvailable ||
         state == postgres::Connection::kDeadlock || state == postgres::Connection::kSerialization;
}

// "0007_x.sql:12: …", and what stands now.
Error Runner::at(const Job& job, const Step& step, const Error& error, const char* standing) const {
  if (world_.stop.is_requested() && database_->sqlstate() == postgres::Connection::kCancelled)
    return Error(Code::Aborted, fmt::format("stopped in {}: {}", job.migration.path, standing));
  if (!database_->is_alive())
    return Error(Code::ConnectionLost,
                 fmt::format("{}:{}: {}; the server takes back what was not finished",
                             job.migration.path, step.line, error.what),
                 "run slipway migrate status when the server answers again");
  std::string next = error.next;
  if (next.empty()) next = "correct the file and run slipway migrate up again";
  return Error(error.code,
               fmt::format("{}:{}: {}; {}", job.migration.path, step.line, error.what, standing),
               std::move(next));
}

Result<void> Runner::rest_before_retry(const Job& job, int attempt, const Error& error) {
  if (world_.clock.monotonic() >= job.until)
    return Error(Code::Timeout,
                 fmt::format("{} found no moment for its locks in {} attempts: {}",
                             job.migration.path, attempt, error.what),
                 "run it when there is less going on, or allow a longer --wait; nothing of it "
                 "stands");
  // Who suffered needs longer than who only waited.
  Millis rest = std::max(settings_.lock_timeout, gave_way_.empty() ? Millis(200) : kLongestRest);
  for (int i = 1; i < attempt && rest < kLongestRest; ++i) rest = rest * 3 / 2;
  rest = std::min(rest, kLongestRest);
  // Half to one and a half of it, so that two who disturb each other stop doing so.
  rest = rest / 2 + Millis(static_cast<std::int64_t>(world_.random.next() %
                                                     static_cast<std::uint64_t>(rest.count() + 1)));
  tell(Event::Kind::Retry, job.migration.id,
       fmt::format("attempt {} gave way to the app ({}); again in {}", attempt,
                   gave_way_.empty() ? database_->sqlstate() : gave_way_, to_text(rest)),
       Json::object()
           .set("attempt", attempt)
           .set("sqlstate", database_->sqlstate())
           .set("suffering", gave_way_));
  if (!world_.stop.rest(rest))
    return Error(Code::Aborted,
                 fmt::format("stopped before {}: nothing of it stands", job.migration.path));
  return ok();
}

Result<void> Runner::in_one_transaction(const Job& job) {
  for (int attempt = 1;; ++attempt) {
    TRY(wait_for_holders(*database_, job.relations, job.migration.id, job.until, world_));
    const auto done = try_transaction(job, attempt);
    if (done) return ok();
    if (!database_->is_alive()) return done.error();
    const bool again = may_retry();
    const std::string state = database_->sqlstate();
    if (database_->is_in_transaction() && !database_->run("rollback")) return done.error();
    if (!again) return done.error();
    TRY(rest_before_retry(job, attempt, done.error()));
  }
}

Result<void> Runner::try_transaction(const Job& job, int attempt) {
  const Millis began = world_.clock.monotonic();
  const Millis locks = attempt <= kFirstAttempts ? std::min(kFirstLocks, settings_.lock_timeout)
                                                 : settings_.lock_timeout;
  TRY(database_->run(
      fmt::format("begin; set local lock_timeout = {}; set local statement_timeout "
                  "= {}; set local idle_in_transaction_session_timeout = 0",
                  locks.count(), job.migration.timeout ? job.migration.timeout->count() : 0)));
  if (database_->server_version() >= 140000)
    // When slipway dies, the server notices within a second that nobody waits for the answer.
    TRY(database_->run("set local client_connection_check_interval = '1s'"));
  crash_point("migrate/begun");
  TRY(statements_of(job));
  TRY(write_book(job, world_.clock.monotonic() - began, false));
  crash_point("migrate/booked");
  return commit(job);
}

Result<void> Runner::statements_of(const Job& job) {
  for (const Step& step : job.steps.steps) {
    const Stop::Under under(world_.stop, *database_);
    if (world_.stop.is_requested())
      return Error(Code::Aborted,
                   fmt::format("stopped in {}: nothing of it stands", job.migration.path));
    const auto done = run_guarded(step.text);
    if (!done) return at(job, step, done.error(), "nothing of it stands");
    crash_point("migrate/statement");
  }
  return ok();
}

Result<void> Runner::write_book(const Job& job, Millis took, bool was_started) {
  const auto written = job.way == Way::Up
                           ? book_->finish(*database_, job.migration, took, was_started)
                           : book_->forget(*database_, job.migration, job.before);
  if (!written) return written.error().in("while writing the book " + book_->place().quoted());
  // What was filled in is gone with the shape; the next time begins at the beginning.
  if (job.way == Way::Down && job.migration.batches)
    TRY(database_->query("delete from slipway.backfills where id = $1", {job.migration.id}));
  return ok();
}

Result<void> Runner::commit(const Job& job) {
  const auto done = database_->run("commit");
  if (!done && database_->sqlstate() == kConnectionBroke)
    return Error(Code::ConnectionLost,
                 fmt::format("the connection ended while {} was committed: all of it stands or "
                             "nothing does",
                             job.migration.path),
                 "run slipway migrate status: the book says which");
  if (!done) return done.error().in(fmt::format("at the end of {}", job.migration.path));
  crash_point("migrate/committed");
  return ok();
}

}  // namespace slipway::database::migrations

// A script whose statements cannot be in one transaction. Before each statement the store says
// which one is under way; after a crash the catalogue says how far it got.
#include <fmt/core.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/crash_point.h"
#include "base/digest.h"
#include "base/text.h"
#include "database/migrations/holders.h"
#include "database/migrations/remains.h"
#include "database/migrations/runner.h"

namespace slipway::database::migrations {
namespace {
constexpr Millis kWatchEvery(200);
constexpr Millis kTellAgain(5000);

std::string hash_of(const std::vector<Step>& steps, int count) {
  Sha256 out;
  for (int i = 0; i < count; ++i) out.add(steps[static_cast<std::size_t>(i)].text + ";");
  return out.hex();
}

// While a build runs: migrators of other tools that wait for the turn inside the server hold what
// the build waits for. Ends with its owner.
class Watch {
 public:
  Watch(Turn& turn, int builder, World& world, std::string id)
      : thread_([this, &turn, builder, &world, id] { look(turn, builder, world, id); }) {}
  ~Watch() {
    {
      const std::lock_guard held(lock_);
      is_over_ = true;
    }
    over_.notify_all();
    thread_.join();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  void look(Turn& turn, int builder, World& world, const std::string& id) {
    std::unique_lock held(lock_);
    while (!over_.wait_for(held, kWatchEvery, [&] { return is_over_; })) {
      const auto given_up = turn.give_up_waits_before(builder);
      if (!given_up || !world.tell) return;  // the turn is gone: found out at its next check
      tell_awaited(turn, builder, world, id);
      if (given_up->empty()) continue;
      world.tell({Event::Kind::Waiting, id,
                  fmt::format("{} waited inside the server for the turn, and so the build would "
                              "have waited for it for ever: its wait was cancelled",
                              join(*given_up, ", "))});
    }
  }

  void tell_awaited(Turn& turn, int builder, World& world, const std::string& id) {
    if (world.clock.monotonic() < tell_at_) return;
    const auto awaited = turn.awaited_by(builder);
    if (!awaited || awaited->empty()) return;
    tell_at_ = world.clock.monotonic() + kTellAgain;
    world.tell({Event::Kind::Waiting, id,
                fmt::format("the build waits for {}; the app goes on", join(*awaited, "; "))});
  }

  std::mutex lock_;
  std::condition_variable over_;
  bool is_over_ = false;
  Millis tell_at_{0};
  std::thread thread_;
};
}  // namespace

Result<void> Runner::in_small_transaction(const std::function<Result<void>()>& work) {
  TRY(database_->run("begin"));
  const auto done = work();
  if (!done) {
    // The first error is the one that tells.
    if (database_->is_alive()) (void)database_->run("rollback").has_value();
    return done;
  }
  TRY(database_->run("commit"));
  return ok();
}

Result<void> Runner::one_by_one(const Job& job) {
  const auto there = TRY(store_->running());
  if (there && there->id == job.migration.id) return go_on(job, *there, true);
  // Found before it begins: an index of this name would later look like our own, finished.
  for (const Step& step : job.steps.steps) {
    if (!step.alone || step.alone->kind != Alone::Kind::CreateIndex || step.alone->may_exist)
      continue;
    if (TRY(standing_of(*database_, *step.alone)) == Standing::All)
      return Error(Code::AlreadyExists,
                   fmt::format("{}:{}: the index {} is there already", job.migration.path,
                               step.line, step.alone->index),
                   "drop it or give the new one another name; or write IF NOT EXISTS");
  }
  Running running{std::string(name_of(settings_.tool)),
                  job.migration.id,
                  job.way == Way::Down,
                  0,
                  hash_of(job.steps.steps, 0),
                  job.steps.steps.empty() ? "" : job.steps.steps[0].text};
  TRY(in_small_transaction([&]() -> Result<void> {
    if (job.way == Way::Up) TRY(book_->start(*database_, job.migration));
    return store_->set_running(running);
  }));
  crash_point("migrate/started");
  return go_on(job, running, false);
}

Result<void> Runner::go_on(const Job& job, Running running, bool is_resumed) {
  const Millis began = world_.clock.monotonic();
  const auto& steps = job.steps.steps;
  const int count = static_cast<int>(steps.size());
  if (running.step > count || running.done_hash != hash_of(steps, running.step))
    return Error(Code::MigrationRefused,
                 fmt::format("{} was cut off at its statement {}, and the statements before have "
                             "changed since",
                             job.migration.path, running.step + 1),
                 "put the file back as it was, and write the change as a new migration");
  for (int i = 0; i < count; ++i) {
    const auto at_step = static_cast<std::size_t>(i);
    if (steps[at_step].is_setting) TRY(database_->run(steps[at_step].text));
    if (i < running.step || steps[at_step].is_setting) continue;
    const bool is_cut_off = is_resumed && i == running.step;
    const auto done = steps[at_step].alone ? step_alone(job, at_step, running, is_cut_off)
                                           : step_in_transaction(job, at_step, running);
    if (!done) return give_up(job, running, done.error());
  }
  return finish_one_by_one(job, world_.clock.monotonic() - began);
}

Result<void> Runner::step_in_transaction(const Job& job, std::size_t i, Running& running) {
  const Step& step = job.steps.steps[i];
  Running after = running;
  after.step = static_cast<int>(i) + 1;
  after.done_hash = hash_of(job.steps.steps, after.step);
  after.statement = i + 1 < job.steps.steps.size() ? job.steps.steps[i + 1].text : "";
  for (int attempt = 1;; ++attempt) {
    TRY(wait_for_holders(*database_, locked_names(step.text), job.migration.id, job.until, world_));
    const auto done = in_small_transaction([&]() -> Result<void> {
      TRY(database_->run(
          fmt::format("set local lock_timeout = {}", settings_.lock_timeout.count())));
      const Stop::Under under(world_.stop, *database_);
      const auto ran = run_guarded(step.text);
      if (!ran) return at(job, step, ran.error(), "the statements before it stand");
      return store_->set_running(after);
    });
    if (done) break;
    if (!database_->is_alive() || !may_retry()) return done;
    TRY(rest_before_retry(job, attempt, done.error()));
  }
  crash_point("migrate/step");
  running = after;
  return ok();
}

Result<void> Runner::clean_up(const Job& job, const Alone& alone) {
  for (const std::string& told : TRY(clean(*database_, alone)))
    tell(Event::Kind::Cleaned, job.migration.id, told);
  return ok();
}

// Whether nothing is left to do, after what was cut off has been cleaned away.
Result<bool> Runner::settled_before(const Job& job, const Step& step, const Running& running,
                                    bool is_resumed) {
  if (is_resumed && running.statement != step.text) {
    if (const auto other = alone_of(running.statement)) TRY(clean_up(job, *other));
  } else if (is_resumed && TRY(standing_of(*database_, *step.alone)) == Standing::All) {
    tell(Event::Kind::Resumed, job.migration.id,
         "what was cut off had been finished by the server");
    return true;
  }
  TRY(clean_up(job, *step.alone));
  // DETACH … FINALIZE, and nothing more is to be done.
  return is_resumed && step.alone->kind == Alone::Kind::Detach &&
         TRY(standing_of(*database_, *step.alone)) == Standing::All;
}

Result<void> Runner::step_alone(const Job& job, std::size_t i, Running& running, bool is_resumed) {
  const Step& step = job.steps.steps[i];
  const bool is_settled = TRY(settled_before(job, step, running, is_resumed));
  running.step = static_cast<int>(i);
  running.done_hash = hash_of(job.steps.steps, running.step);
  running.statement = step.text;
  TRY(store_->set_running(running));
  crash_point("migrate/before-build");
  if (!is_settled) TRY(run_build(job, step));
  crash_point("migrate/built");
  running.step = static_cast<int>(i) + 1;
  running.done_hash = hash_of(job.steps.steps, running.step);
  running.statement = i + 1 < job.steps.steps.size() ? job.steps.steps[i + 1].text : "";
  TRY(store_->set_running(running));
  crash_point("migrate/step");
  return ok();
}

// Again after a deadlock or a lock that was not to be had, with what the attempt left cleaned away.
Result<void> Runner::run_build(const Job& job, const Step& step) {
  for (int attempt = 1;; ++attempt) {
    // The lock of these statements stops nobody who reads or writes, so they may wait in the queue.
    TRY(database_->run("set lock_timeout = 0"));
    Result<postgres::Rows> done = [&] {
      const Watch watch(*turn_, database_->backend_pid(), world_, job.migration.id);
      const Stop::Under under(world_.stop, *database_);
      return run_guarded(step.text);
    }();
    if (done && TRY(standing_of(*database_, *step.alone)) != Standing::Part) return ok();
    if (!database_->is_alive()) return at(job, step, done.error(), "");
    const bool again = done.has_value() || may_retry();
    const Error error = done ? Error(Code::Conflict, "the index is not valid") : done.error();
    const Error told = at(job, step, error, "what it had begun was removed");
    TRY(clean_up(job, *step.alone));
    if (!again) return told;
    TRY(rest_before_retry(job, attempt, error));
  }
}

// Nothing of it stands when its first statement failed: then it never was.
Result<void> Runner::give_up(const Job& job, const Running& running, Error error) {
  if (!database_->is_alive()) return error;
  const auto& steps = job.steps.steps;
  const bool is_first = std::all_of(
      steps.begin(), steps.begin() + std::min<int>(running.step, static_cast<int>(steps.size())),
      [](const Step& step) { return step.is_setting; });
  if (!is_first) {
    error.next = fmt::format(
        "{} of its statements stand; correct the one that failed (not those "
        "before it) and run slipway migrate up again, which goes on there",
        running.step);
    return error;
  }
  const auto dropped = in_small_transaction([&]() -> Result<void> {
    if (job.way == Way::Up) TRY(book_->drop_start(*database_, job.migration, job.before));
    return store_->drop_running(job.migration.id);
  });
  if (!dropped) return dropped;
  return error;
}

Result<void> Runner::finish_one_by_one(const Job& job, Millis took) {
  TRY(in_small_transaction([&]() -> Result<void> {
    TRY(write_book(job, took, true));
    return store_->drop_running(job.migration.id);
  }));
  crash_point("migrate/committed");
  return ok();
}

}  // namespace slipway::database::migrations

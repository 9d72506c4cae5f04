#include "database/proof/prove.h"

#include <fmt/core.h>

#include "base/text.h"
#include "base/units.h"
#include "database/backup/program.h"
#include "database/backup/scratch.h"
#include "database/postgres/url.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::database::proof {
namespace {
using backup::RestoreRequest;
using postgres::Connection;

constexpr const char* kName = "slipway db verify";
constexpr std::size_t kMostFaults = 20;
constexpr std::int64_t kCommitTime = 2'000'000;  // microseconds

// Says nothing about the backup.
bool is_of_this_machine(const Error& error) {
  return error.code == Code::LeaseHeld || error.code == Code::DiskFull;
}

// Two snapshots of the running database, around a moment.
class Around {
 public:
  explicit Around(std::string url) : url_(std::move(url)) {}
  Result<void> open() {
    for (auto* one : {&before_, &after_}) *one = TRY(Connection::open(url_, kName));
    return ok();
  }
  Result<void> note(backup::World::Moment moment) {
    if (moment == backup::World::Moment::Before) return take(*before_, first_);
    TRY(wait_for_commits());
    return take(*after_, second_);
  }
  bool was_noted() const { return !first_.empty() && !second_.empty(); }
  // Nobody ended a transaction between the two: one reading is enough.
  bool is_still() const { return first_ == second_; }
  Connection& before() { return *before_; }
  Connection& after() { return *after_; }
  void close() {
    before_.reset();
    after_.reset();
  }

 private:
  static Result<void> take(Connection& connection, std::string& snapshot) {
    TRY(connection.run("begin isolation level repeatable read read only"));
    snapshot = TRY(connection.value("select pg_current_snapshot()::text")).value_or("");
    return ok();
  }

  // A commit is in the WAL, and so in the backup, before others see it: until it is on disk, or at
  // a standby. Whoever is still under way after a while was not committing then.
  Result<void> wait_for_commits() {
    // One that began after the last that ended is in no snapshot: only its session shows it.
    const auto writers = TRY(after_->value(
        "select coalesce(array_agg(backend_xid::text), '{}')::text from pg_stat_activity"));
    const auto last = TRY(after_->value("select pg_snapshot_xmax(pg_current_snapshot())::text"));
    const auto until = io::monotonic_us() + kCommitTime;
    while (io::monotonic_us() < until) {
      const auto over = TRY(after_->value(
          "select pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 and not exists (select from "
          "pg_stat_activity where backend_xid::text = any ($2::text[]))",
          {last, writers}));
      if (over.value_or("f") == "t") return ok();
      TRY(after_->run("select pg_sleep(0.002)"));
    }
    return ok();
  }

  std::string url_;
  std::unique_ptr<Connection> before_;
  std::unique_ptr<Connection> after_;
  std::string first_;
  std::string second_;
};

class Test {
 public:
  Test(const Terms& terms, backup::World world)
      : terms_(terms), world_(std::move(world)), around_(terms.settings.url) {
    world_.at_point = [this](backup::World::Moment moment) { return around_.note(moment); };
  }

  Result<Proof> run() {
    began_ = world_.clock.now();
    tool_ = TRY(backup::make_tool(terms_.settings, world_));
    const auto catalogue = TRY(tool_->list());
    if (catalogue.newest() == nullptr)
      return Error(Code::NotFound, "there is no backup to restore",
                   "make one: slipway db backup " + terms_.settings.environment);
    proof_.entry = catalogue.newest()->id;
    size_ = catalogue.newest()->size;
    if (terms_.checks_files) TRY(check_files());
    if (terms_.compares) TRY(make_point());
    const auto restored = restore();
    if (!restored && is_of_this_machine(restored.error())) return restored.error();
    if (!restored) return std::move(proof_);
    TRY(look_into((*restored)->restored()));
    auto removed = (*restored)->remove();
    if (!removed) return removed.error().in("removing what was restored");
    return std::move(proof_);
  }

 private:
  template <class Body>
  auto timed(const char* name, Body body) {
    if (world_.on_progress) world_.on_progress({name, "", -1});
    const auto start = io::monotonic_us();
    auto out = body();
    proof_.phases.push_back({name, static_cast<double>(io::monotonic_us() - start) / 1e6});
    return out;
  }
  void fault(std::string text) {
    if (proof_.faults.size() < kMostFaults) proof_.faults.push_back(std::move(text));
  }

  Result<void> check_files() {
    const auto seen = TRY(timed("files", [&] { return tool_->verify(""); }));
    for (const auto& one : seen.findings) {
      std::vector<std::string> parts;
      for (const auto& part : {one.entry, one.file, one.what})
        if (!part.empty()) parts.push_back(part);
      fault(join(parts, " "));
    }
    return ok();
  }

  // A dump has no moments of its own: the point is a new one.
  Result<void> make_point() {
    TRY(around_.open());
    const auto name = fmt::format("slipway_test_{}", to_unix_ms(began_));
    const bool has_moments = tool_->tool() == backup::Tool::PgBackRest;
    const Millis fresh = has_moments ? Millis(std::chrono::hours(24 * 3650)) : Millis(0);
    const auto made = TRY(timed("point", [&] { return tool_->safety_point(name, fresh); }));
    proof_.point = made.point.name;
    proof_.entry = made.point.entry;
    if (!around_.was_noted()) return ok();
    before_ = TRY(timed("read", [&] { return marks_of(around_.before(), world_.interrupted); }));
    after_ = around_.is_still() ? before_ : TRY(timed("read again", [&] {
      return marks_of(around_.after(), world_.interrupted);
    }));
    proof_.is_compared = true;
    around_.close();
    return ok();
  }

  // One that cannot be restored is a finding, not a failure of the test.
  Result<std::unique_ptr<backup::ScratchRestore>> restore() {
    RestoreRequest request;
    request.until =
        proof_.point.empty() ? RestoreRequest::Until::Newest : RestoreRequest::Until::Point;
    request.name = proof_.point;
    request.into = terms_.into;
    auto restored = timed("restore", [&] {
      return backup::ScratchRestore::make(*tool_, request, terms_.settings.folder, size_);
    });
    if (!restored && !is_of_this_machine(restored.error()))
      fault("it cannot be restored: " + restored.error().sentence());
    return restored;
  }

  Result<void> look_into(const backup::Restored& restored) {
    proof_.rto_seconds = restored.seconds;
    if (to_unix_ms(restored.last_commit) > 0)
      proof_.lost_seconds =
          std::max(0.0, static_cast<double>((began_ - restored.last_commit).count()) / 1000);
    const auto database =
        restored.database.empty() ? postgres::database_of(terms_.settings.url) : restored.database;
    const auto url = restored.server->url(database.empty() ? "postgres" : database);
    if (proof_.is_compared) TRY(compare_with(url));
    return check_structure(url);
  }

  Result<void> compare_with(const std::string& url) {
    auto connection = TRY(Connection::open(url, kName));
    const auto held = timed("compare", [&] { return marks_of(*connection, world_.interrupted); });
    if (!held) {
      fault("it cannot be read: " + held.error().sentence());
      return ok();
    }
    proof_.comparison = compare(before_, after_, *held);
    for (const auto& one : proof_.comparison.differences) fault(one.table + " " + one.what);
    return ok();
  }

  // Every page of every table, every entry of every index.
  Result<void> check_structure(const std::string& url) {
    backup::Program run;
    run.argv = {backup::postgres_program("pg_amcheck"), "--install-missing", "--heapallindexed",
                "--jobs=2", "--no-strict-names"};
    run.environment = TRY(postgres::environment_of(url));
    const auto ran = TRY(timed("amcheck", [&] { return backup::run_program(run, world_); }));
    if (!ran.exit.succeeded()) fault("pg_amcheck: " + backup::last_words(ran));
    return ok();
  }

  const Terms& terms_;
  backup::World world_;
  Around around_;
  WallTime began_{};
  std::unique_ptr<backup::BackupTool> tool_;
  std::uint64_t size_ = 0;  // of the database
  Marks before_;
  Marks after_;
  Proof proof_;
};
}  // namespace

Result<Proof> prove(const Terms& terms, backup::World world) {
  Test test(terms, std::move(world));
  return test.run();
}

Json to_json(const Proof& proof) {
  Json phases = Json::object();
  for (const auto& one : proof.phases) phases.set(one.name, one.seconds);
  Json out = Json::object();
  out.set("good", proof.is_good())
      .set("entry", proof.entry)
      .set("point", proof.point)
      .set("rto_seconds", proof.rto_seconds)
      .set("lost_seconds", proof.lost_seconds < 0 ? Json() : Json(proof.lost_seconds))
      .set("phases", std::move(phases))
      .set("compared", proof.is_compared ? to_json(proof.comparison) : Json())
      .set("faults", Json::array_of(proof.faults));
  return out;
}

std::string in_words(const Proof& proof) {
  std::string out = fmt::format("{}: {}\n", proof.entry, proof.is_good() ? "good" : "NOT GOOD");
  for (const auto& one : proof.faults) out += "  " + one + "\n";
  if (proof.rto_seconds > 0) out += fmt::format("  back in {:.1f}s (RTO)\n", proof.rto_seconds);
  if (proof.is_compared)
    out += fmt::format("  {} the same, {} rows in all{}\n",
                       count_of(std::ssize(proof.comparison.same), "table"), proof.comparison.rows,
                       proof.comparison.moved.empty()
                           ? ""
                           : fmt::format("; written to at that moment, rows counted alone: {}",
                                         join(proof.comparison.moved, ", ")));
  std::vector<std::string> phases;
  for (const auto& one : proof.phases)
    phases.push_back(fmt::format("{} {:.1f}s", one.name, one.seconds));
  return out + "  " + join(phases, ", ") + "\n";
}

}  // namespace slipway::database::proof

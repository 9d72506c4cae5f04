// How long an app's writes stand while a column is added behind a transaction of six seconds: by
// slipway, and the plain way, in one run. Then an index built CONCURRENTLY a hundred times beside a
// migrator that takes its lock inside the server, as Prisma does.
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>

#include "database/migrations/folder.h"
#include "database/migrations/runner.h"
#include "database/postgres/scratch_server.h"
#include "io/clock.h"

namespace {
using namespace slipway;
using namespace slipway::database;
using postgres::Connection;

constexpr int kWriters = 8;
constexpr Millis kThink(20);
constexpr Millis kBlocker(6000);
constexpr Millis kIntoIt(500);
constexpr int kBuilds = 100;
constexpr double kMostStallMs = 120;

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "{}\n", result.error().sentence());
  std::exit(2);
}

struct Stall {
  double longest_ms = 0;
  int over_100ms = 0;
  int writes = 0;
  double migration_s = 0;
};

class Writers {
 public:
  explicit Writers(const std::string& url) {
    for (int i = 0; i < kWriters; ++i) threads_.emplace_back([this, url, i] { write(url, i); });
  }
  Stall end() {
    is_over_ = true;
    for (auto& thread : threads_) thread.join();
    return stall_;
  }

 private:
  void write(const std::string& url, int number) {
    auto database = must(Connection::open(url, "app"));
    int row = number;
    while (!is_over_) {
      row = (row + 131) % 1000;
      const auto began = io::monotonic_us();
      must(database->query("update t set n = n + 1 where id = $1", {std::to_string(row)}));
      const double took = static_cast<double>(io::monotonic_us() - began) / 1000.0;
      {
        const std::lock_guard held(lock_);
        stall_.longest_ms = std::max(stall_.longest_ms, took);
        stall_.over_100ms += took > 100 ? 1 : 0;
        ++stall_.writes;
      }
      std::this_thread::sleep_for(kThink);
    }
  }
  std::mutex lock_;
  Stall stall_;
  std::atomic<bool> is_over_{false};
  std::vector<std::thread> threads_;
};

void make_table(const std::string& url) {
  const auto database = must(Connection::open(url, "bench"));
  must(
      database->run("drop table if exists t; drop schema if exists slipway cascade; "
                    "create table t(id bigint primary key, n bigint not null default 0); "
                    "insert into t select i, 0 from generate_series(0, 999) i"));
  must(database->run("vacuum analyze t"));
}

Stall measure(const std::string& url, const std::function<void()>& migrate) {
  make_table(url);
  Writers writers(url);
  const auto blocker = must(Connection::open(url, "report"));
  must(blocker->run("begin; select count(*) from t"));
  std::thread report([&] {
    std::this_thread::sleep_for(kBlocker);
    must(blocker->run("commit"));
  });
  std::this_thread::sleep_for(kIntoIt);
  const auto began = io::monotonic_us();
  migrate();
  const double took = static_cast<double>(io::monotonic_us() - began) / 1e6;
  report.join();
  std::this_thread::sleep_for(kIntoIt);
  Stall out = writers.end();
  out.migration_s = took;
  return out;
}

struct Own {
  io::SystemClock clock;
  io::SystemRandom random;
  migrations::Stop stop;
  migrations::Runner runner(const std::string& url, migrations::Tool tool) {
    migrations::Settings settings;
    settings.tool = tool;
    return {url, settings, {clock, random, stop, [](const migrations::Event&) {}}};
  }
};

std::vector<migrations::Migration> folder(migrations::Tool tool,
                                          std::vector<migrations::File> files) {
  return must(migrations::read_migrations(tool, {"bench", std::move(files)}));
}

// Takes its lock and gives it back, again and again, waiting inside the server.
class OtherMigrator {
 public:
  explicit OtherMigrator(const std::string& url) : thread_([this, url] { run(url); }) {}
  int end() {
    is_over_ = true;
    thread_.join();
    return turns_;
  }

 private:
  void run(const std::string& url) {
    auto database = must(Connection::open(url, "prisma"));
    while (!is_over_) {
      if (!database->run("select pg_advisory_lock(72707369)")) continue;
      ++turns_;
      must(database->run("select pg_advisory_unlock(72707369)"));
      std::this_thread::sleep_for(Millis(5));
    }
  }
  std::atomic<bool> is_over_{false};
  int turns_ = 0;
  std::thread thread_;
};

struct Builds {
  int done = 0;
  int failed = 0;
  int others = 0;
  std::string deadlocks;
  std::string invalid;
};

Builds build_beside(const std::string& url) {
  make_table(url);
  const auto list = folder(migrations::Tool::Prisma,
                           {{"20240101_i/down.sql", "drop index concurrently t_n"},
                            {"20240101_i/migration.sql", "create index concurrently t_n on t(n)"}});
  Builds out;
  OtherMigrator other(url);
  for (int i = 0; i < kBuilds; ++i) {
    Own own;
    const auto built = own.runner(url, migrations::Tool::Prisma).up(list, {});
    const auto taken = own.runner(url, migrations::Tool::Prisma).down(list, 1);
    out.failed += built && taken ? 0 : 1;
    out.done += built && taken ? 1 : 0;
    if (!built) fmt::print(stderr, "{}\n", built.error().sentence());
    if (!taken) fmt::print(stderr, "{}\n", taken.error().sentence());
  }
  out.others = other.end();
  const auto database = must(Connection::open(url, "bench"));
  must(database->run("select pg_stat_force_next_flush()"));
  out.deadlocks = must(database->value("select deadlocks from pg_stat_database where datname = "
                                       "current_database()"))
                      .value_or("?");
  out.invalid =
      must(database->value("select count(*) from pg_index where not indisvalid")).value_or("?");
  return out;
}
}  // namespace

int main() {
  const auto server = must(postgres::ScratchServer::start());
  const std::string url = server->url();
  const Stall plain = measure(url, [&] {
    must(must(Connection::open(url, "plain"))->run("alter table t add column x text"));
  });
  const auto list =
      folder(migrations::Tool::Plain, {{"0001_x.sql", "alter table t add column x text;"}});
  Own own;
  const Stall ours =
      measure(url, [&] { must(own.runner(url, migrations::Tool::Plain).up(list, {})); });
  const Builds builds = build_beside(url);
  const bool is_met = ours.longest_ms <= kMostStallMs && builds.failed == 0 &&
                      builds.deadlocks == "0" && builds.invalid == "0";
  fmt::print(
      "db-stall: ours_ms={:.0f} plain_ms={:.0f} ours_over_100ms={} plain_over_100ms={} "
      "ours_writes={} plain_writes={} ours_done_s={:.1f} plain_done_s={:.1f} builds={} "
      "builds_failed={} deadlocks={} invalid_indexes={} other_turns={} missed={}\n",
      ours.longest_ms, plain.longest_ms, ours.over_100ms, plain.over_100ms, ours.writes,
      plain.writes, ours.migration_s, plain.migration_s, builds.done, builds.failed,
      builds.deadlocks, builds.invalid, builds.others, is_met ? 0 : 1);
  return is_met ? 0 : 1;
}

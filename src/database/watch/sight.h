#pragma once
// One look at a running PostgreSQL. Values only; ages in seconds.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace slipway::database::watch {

// Connections that look the same, together.
struct Holder {
  std::string application;
  std::string user;
  std::string state;  // "active", "idle in transaction"; "" where the role may not see it
  int count = 0;
};

// One connection and what it is at.
struct Session {
  int pid = 0;
  std::string application;
  std::string user;
  std::string state;
  double seconds = 0;  // how long: the query, the transaction or the wait
  std::string waits_for;
  std::vector<int> blocked_by;  // pids
  std::string query;            // its beginning, on one line
};

struct Statement {
  std::string query;
  std::int64_t calls = 0;
  double mean_ms = 0;
  double total_ms = 0;
};

struct Replica {
  std::string name;
  std::string state;
  std::int64_t behind_bytes = 0;
  double behind_seconds = 0;
};

struct Archive {
  bool is_on = false;
  bool is_failing = false;  // the newest attempt failed
  std::int64_t archived = 0;
  std::int64_t failed = 0;
  std::string newest;         // the file archived last
  int waiting = 0;            // files that are due
  double oldest_seconds = 0;  // how long the first of them has been waiting
};

struct Table {
  std::string name;
  std::int64_t bytes = 0;
  std::int64_t live = 0;
  std::int64_t dead = 0;
  double dead_percent() const {
    const auto all = static_cast<double>(live + dead);
    return all > 0 ? 100 * static_cast<double>(dead) / all : 0;
  }
};

struct Sight {
  std::string database;
  std::string role;  // that looked
  int server_version = 0;
  bool sees_everything = false;  // the role may see others' sessions
  bool is_replica = false;
  int max_connections = 0;
  int reserved = 0;  // of them, for superusers and the like
  std::vector<Holder> holders;
  std::vector<Session> slow;     // the longest running queries
  std::vector<Session> long_;    // the oldest transactions
  std::vector<Session> waiting;  // for locks
  std::vector<Statement> statements;
  bool has_statements = false;  // pg_stat_statements is there
  std::int64_t deadlocks = 0;   // since the statistics began
  std::int64_t size_bytes = 0;
  double cache_hit_percent = 100;
  std::vector<Replica> replicas;
  double replica_seconds = 0;   // behind its primary, where this is a replica
  std::int64_t slot_bytes = 0;  // of WAL kept for whoever is not there
  Archive archive;
  double lost_seconds = -1;   // age of the newest change the archive has; -1: nobody measured
  std::vector<Table> tables;  // those with the most dead rows
  std::int64_t xid_age = 0;   // transactions since the oldest row was frozen

  int held() const;                                          // connections
  int usable() const { return max_connections - reserved; }  // by an ordinary role
};

// By the names of config/database_measure.def: durations in seconds, sizes in bytes, shares in
// percent. Those without a value (no replica, no archive) are absent.
std::map<std::string, double> measures_of(const Sight& sight);
Json to_json(const Sight& sight);

}  // namespace slipway::database::watch

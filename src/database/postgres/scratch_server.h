#pragma once
// A PostgreSQL server of our own for a while: empty or over a given cluster, reached by a unix
// socket only, never archiving, ended with its owner. For rehearsals, restore tests, staging copies
// and tests.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/child.h"

namespace slipway::database::postgres {

struct ScratchSettings {
  std::string bin;                     // folder of initdb and postgres; empty: the newest installed
  std::string cluster;                 // an existing folder of one (a restore); empty: a new one
  bool is_new = false;                 // `cluster` is empty yet: make one there
  std::string superuser = "postgres";  // the role to come in as; a restored cluster has its own
  std::string user = "postgres";       // who runs it when slipway is root, which PostgreSQL refuses
  std::vector<std::string> settings;   // "wal_level=minimal"; they win over ours
  bool is_durable = false;             // fsync as usual; without it a crash of the machine loses it
  Millis patience{60'000};             // until it answers; replaying takes as long as it takes
  std::function<bool()> interrupted;   // asked meanwhile; may be empty
};

class ScratchServer {
 public:
  // A few seconds. NotFound when PostgreSQL's programs are not installed; an error holds the last
  // lines of the server's own log.
  static Result<std::unique_ptr<ScratchServer>> start(const ScratchSettings& settings = {});
  ~ScratchServer();  // stops it at once and removes its folder (never one that was given)
  ScratchServer(const ScratchServer&) = delete;
  ScratchServer& operator=(const ScratchServer&) = delete;

  // key=value words for libpq; the superuser.
  std::string url(const std::string& database = "postgres") const;
  const std::string& folder() const { return folder_; }  // socket and log; a new cluster too
  const std::string& cluster() const { return cluster_; }
  const std::string& superuser() const { return superuser_; }
  const std::string& bin() const { return bin_; }
  int pid() const { return child_.pid; }
  // For tests: the server dies as in a power cut (SIGKILL), and starts again.
  Result<void> crash();
  Result<void> restart();
  // Ends it as one ends a server whose data are wanted afterwards.
  Result<void> shut_down();

 private:
  ScratchServer() = default;
  Result<void> make_cluster(const ScratchSettings& settings);
  Result<void> write_own_files();
  Result<void> launch();
  Result<void> wait_until_ready();
  void stop(int signal);
  io::ChildSpec spec(std::vector<std::string> argv) const;

  std::string bin_;
  std::string folder_;
  std::string cluster_;
  std::string user_;  // empty: the caller's
  std::string superuser_;
  Millis patience_{0};
  std::function<bool()> interrupted_;
  std::vector<std::string> settings_;
  io::Child child_;
};

// Where initdb, postgres, pg_dump … of the newest installed version lie.
Result<std::string> newest_bin();

}  // namespace slipway::database::postgres

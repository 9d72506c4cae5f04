#pragma once
// The command socket of HAProxy's master process: its workers, and the runtime commands of the one
// that serves. Each call is a connection; thread-safe.
#include <string>
#include <vector>

#include "base/result.h"

namespace slipway::drivers::haproxy {

struct Processes {
  std::string serving;           // pid of the worker that takes connections; empty: none
  std::vector<std::string> old;  // those of before a reload, which finish what they have
};

struct RuntimeServer {
  std::string backend;
  std::string name;
  std::string address;
  int weight = 0;
  bool is_in_maintenance = false;
};

// One server of `show stat`.
struct ServerCounts {
  std::string backend;
  std::string name;
  std::int64_t running = 0;  // requests it has now, and those waiting for it
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
};

class Master {
 public:
  explicit Master(std::string socket) : socket_(std::move(socket)) {}

  Result<Processes> processes() const;
  Result<void> reload() const;  // begins it
  Result<std::vector<RuntimeServer>> servers() const;
  Result<std::vector<ServerCounts>> counts() const;
  // Runtime commands, in order; an Error holds what HAProxy said, some may have been carried out.
  Result<void> run(const std::vector<std::string>& commands) const;

 private:
  Result<std::string> ask(const std::string& line) const;
  std::string socket_;
};

// Of the texts HAProxy answers with. Pure.
Processes processes_in(const std::string& show_proc);
std::vector<RuntimeServer> servers_in(const std::string& show_servers_state);
std::vector<ServerCounts> counts_in(const std::string& show_stat);

}  // namespace slipway::drivers::haproxy

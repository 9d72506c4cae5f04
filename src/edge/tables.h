#pragma once
// The one place that changes the routing table: compare and swap, fencing, disk, then the workers.
#include <functional>
#include <string>
#include <vector>

#include "edge/certificates.h"
#include "edge/engine.h"
#include "edge/table_file.h"

namespace slipway::edge {

// Who wants a change, against what, and what for.
struct Write {
  std::uint64_t expected = 0;  // generation (whole table) or version (one app) last seen
  std::uint64_t epoch = 0;
  std::string op;
  bool check_only = false;  // refuse what would be refused, change nothing
};

class Tables {
 public:
  // Installs `initial` in the engine. A certificate of it that can not be read is no reason to
  // serve nothing: its entry in `certificates` tells the problem.
  Tables(Engine& engine, Certificates& certificates, TableFile file, Table initial);

  const Table& current() const { return current_; }
  // Each answers when the table is on disk and every worker routes by it. Conflict, Fenced,
  // HostTaken, Malformed: nothing has changed. A write repeated with the op of the last one is done
  // already.
  Result<void> replace_all(const Write& write, std::vector<Service> services);
  // The services' app and environment may be empty; they are set.
  Result<void> replace_app(const Write& write, const std::string& app,
                           const std::string& environment, std::vector<Service> services);
  // While a successor takes over, nothing may change: Conflict.
  void freeze(bool frozen) { frozen_ = frozen; }
  // Called after each change, with the new table.
  void on_change(std::function<void(const Table&)> callback) { on_change_ = std::move(callback); }
  // Takes a table that another process committed.
  void follow(Table table);

 private:
  Result<void> check(const Write& write, std::uint64_t actual, std::uint64_t epoch,
                     const std::string& what) const;
  Result<void> commit(Table next, const std::vector<Service>& written, bool check_only);
  void install(const Table& table);
  Engine& engine_;
  Certificates& certificates_;
  TableFile file_;
  Table current_;
  bool frozen_ = false;
  std::function<void(const Table&)> on_change_;
};

}  // namespace slipway::edge

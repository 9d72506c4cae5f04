#include "store/lease_rows.h"

#include "store/lease_rules.h"
#include "store/release_rows.h"

namespace slipway::store {
namespace {
Result<void> write_lease(Database& database, const ports::Lease& lease) {
  Query put = database.query(
      "INSERT INTO leases (app, environment, epoch, owner, release) VALUES (?, ?, ?, ?, ?) "
      "ON CONFLICT DO UPDATE SET epoch = excluded.epoch, owner = excluded.owner, release = "
      "excluded.release");
  put.bind(lease.app.app).bind(lease.app.environment).bind(static_cast<std::int64_t>(lease.epoch));
  return put.bind(lease.owner).bind(lease.release).run();
}

Result<HolderState> holder_of(Database& database, const std::optional<ports::Lease>& row) {
  if (!row || row->release.empty()) return HolderState::Ended;
  const auto outcome = TRY(read_outcome(database, row->release));
  return outcome && !outcome->empty() ? HolderState::Ended : HolderState::Running;
}
}  // namespace

Result<std::optional<ports::Lease>> read_lease(Database& database, const ports::AppRef& app) {
  Query ask =
      database.query("SELECT epoch, owner, release FROM leases WHERE app = ? AND environment = ?");
  if (!TRY(ask.bind(app.app).bind(app.environment).step())) return std::optional<ports::Lease>();
  return std::optional(
      ports::Lease{app, static_cast<std::uint64_t>(ask.integer(0)), ask.text(1), ask.text(2)});
}

Result<ports::Lease> take_lease(Database& database, const ports::AppRef& app,
                                const std::string& owner, const std::string& release) {
  const auto row = TRY(read_lease(database, app));
  const HolderState holder = TRY(holder_of(database, row));
  ports::Lease taken = TRY(take(row, holder, app, owner, release));
  TRY(write_lease(database, taken));
  return taken;
}

Result<void> free_lease(Database& database, const ports::Lease& lease) {
  TRY(fence(database, lease));
  Query put = database.query(
      "UPDATE leases SET release = '' WHERE app = ? AND environment = ? AND release = ?");
  return put.bind(lease.app.app).bind(lease.app.environment).bind(lease.release).run();
}

Result<void> fence(Database& database, const ports::Lease& writer) {
  return check_fence(TRY(read_lease(database, writer.app)), writer);
}

Result<ports::LiveRow> read_live(Database& database, const ports::AppRef& app) {
  Query ask = database.query(
      "SELECT release, previous, previous_warm_until_ms FROM live WHERE app = ? AND environment = "
      "?");
  if (!TRY(ask.bind(app.app).bind(app.environment).step())) return ports::LiveRow();
  return ports::LiveRow{ask.text(0), ask.text(1), ask.integer(2)};
}

Result<void> set_live(Database& database, const ports::AppRef& app, const ports::LiveRow& row) {
  Query put = database.query(
      "INSERT INTO live (app, environment, release, previous, previous_warm_until_ms) VALUES (?, "
      "?, ?, ?, ?) "
      "ON CONFLICT DO UPDATE SET release = excluded.release, previous = excluded.previous, "
      "previous_warm_until_ms = excluded.previous_warm_until_ms");
  put.bind(app.app).bind(app.environment).bind(row.release).bind(row.previous);
  return put.bind(row.previous_warm_until_ms).run();
}

Result<std::vector<ports::AppRef>> known_apps(Database& database) {
  Query ask = database.query(
      "SELECT app, environment FROM releases UNION SELECT app, environment FROM leases "
      "UNION SELECT app, environment FROM live ORDER BY 1, 2");
  std::vector<ports::AppRef> apps;
  while (TRY(ask.step())) apps.push_back({ask.text(0), ask.text(1)});
  return apps;
}

}  // namespace slipway::store

#include "store/sqlite_store.h"

#include <mutex>

#include "store/journal_rows.h"
#include "store/lease_rows.h"
#include "store/outbox_rows.h"
#include "store/release_rows.h"
#include "store/schema.h"
#include "store/sqlite.h"

namespace slipway::store {
namespace {
class SqliteStore final : public ports::Store {
 public:
  SqliteStore(std::unique_ptr<Database> writer, std::unique_ptr<Database> reader)
      : writer_(std::move(writer)), reader_(std::move(reader)) {}

  Result<ports::Lease> take_lease(const ports::AppRef& app, const std::string& owner,
                                  const std::string& release) override {
    return write([&](Database& db) { return store::take_lease(db, app, owner, release); });
  }
  Result<void> free_lease(const ports::Lease& lease) override {
    return write([&](Database& db) { return store::free_lease(db, lease); });
  }
  Result<std::optional<ports::Lease>> lease(const ports::AppRef& app) override {
    return read([&](Database& db) { return read_lease(db, app); });
  }

  Result<ports::ReleaseRow> create_release(ports::ReleaseRow row) override {
    return write([&](Database& db) { return store::create_release(db, std::move(row)); });
  }
  Result<void> end_release(const ports::Lease& lease, const std::string& release,
                           const std::string& outcome, const std::string& reason,
                           std::int64_t ended_ms) override {
    return write([&](Database& db) -> Result<void> {
      TRY(fence(db, lease));
      return store::end_release(db, release, outcome, reason, ended_ms);
    });
  }
  Result<ports::ReleaseRow> release(const std::string& id) override {
    return read([&](Database& db) { return read_release(db, id); });
  }
  Result<std::vector<ports::ReleaseRow>> releases(const ports::AppRef& app, int most) override {
    return read([&](Database& db) { return read_releases(db, app, most); });
  }
  Result<std::vector<ports::ReleaseRow>> unfinished() override {
    return read([&](Database& db) { return read_unfinished(db); });
  }

  Result<std::int64_t> append(const ports::Lease& lease, const ports::Record& record) override {
    return write([&](Database& db) -> Result<std::int64_t> {
      TRY(fence(db, lease));
      ports::Record fenced = record;
      fenced.epoch = lease.epoch;
      const std::int64_t seq = TRY(append_record(db, std::move(fenced)));
      for (const auto& telling : record.tell) TRY(put_notice(db, telling));
      for (const auto& [key, json] : record.values) TRY(store::set_value(db, key, json));
      return seq;
    });
  }
  Result<std::optional<ports::Record>> last_record(const std::string& release) override {
    return read([&](Database& db) { return read_last_record(db, release); });
  }
  Result<std::vector<ports::Record>> records(const std::string& release,
                                             std::int64_t after_seq) override {
    return read([&](Database& db) { return read_records(db, release, after_seq); });
  }

  Result<void> tell(const ports::Telling& telling) override {
    return write([&](Database& db) { return put_notice(db, telling); });
  }
  Result<std::vector<ports::Delivery>> due(std::int64_t now_ms, int most) override {
    return read([&](Database& db) { return read_due(db, now_ms, most); });
  }
  Result<void> keep_attempt(const ports::Delivery& delivery) override {
    return write([&](Database& db) { return store::keep_attempt(db, delivery); });
  }
  Result<std::vector<ports::Notice>> notices(const std::string& release) override {
    return read([&](Database& db) { return read_notices(db, release); });
  }
  Result<std::vector<ports::Delivery>> deliveries(const std::string& release) override {
    return read([&](Database& db) { return read_deliveries(db, release); });
  }

  Result<ports::LiveRow> live(const ports::AppRef& app) override {
    return read([&](Database& db) { return read_live(db, app); });
  }
  Result<void> set_live(const ports::Lease& lease, const ports::LiveRow& row) override {
    return write([&](Database& db) -> Result<void> {
      TRY(fence(db, lease));
      return store::set_live(db, lease.app, row);
    });
  }
  Result<std::vector<ports::AppRef>> apps() override {
    return read([&](Database& db) { return known_apps(db); });
  }

  Result<std::optional<Json>> value(const std::string& key) override {
    return read([&](Database& db) { return read_value(db, key); });
  }
  Result<void> set_value(const std::string& key, const Json& json) override {
    return write([&](Database& db) { return store::set_value(db, key, json); });
  }
  Result<std::vector<std::pair<std::string, Json>>> values(const std::string& prefix) override {
    return read([&](Database& db) { return read_values(db, prefix); });
  }
  Result<void> remove_value(const std::string& key) override {
    return write([&](Database& db) { return store::remove_value(db, key); });
  }

 private:
  template <class Body>
  std::invoke_result_t<Body, Database&> write(Body body) {
    const std::lock_guard hold(writing_);
    return writer_->transact([&] { return body(*writer_); });
  }
  template <class Body>
  std::invoke_result_t<Body, Database&> read(Body body) {
    const std::lock_guard hold(reading_);
    return body(*reader_);
  }

  std::mutex writing_;
  std::mutex reading_;
  std::unique_ptr<Database> writer_;
  std::unique_ptr<Database> reader_;
};

Result<void> check_structure(Database& database) {
  Query ask = database.query("PRAGMA quick_check(1)");
  if (!TRY(ask.step())) return ok();
  const std::string said = ask.text(0);
  if (said == "ok") return ok();
  return Error(Code::Corrupt, "the file " + database.path() + " is damaged: " + said,
               "stop slipway, put the file aside, restore the last copy");
}
}  // namespace

Result<std::unique_ptr<ports::Store>> open_store(const std::string& path) {
  auto writer = TRY(Database::open(path, Access::ReadWrite));
  TRY(bring_up_to_date(*writer));
  auto reader = TRY(Database::open(path, Access::ReadWrite));
  return std::unique_ptr<ports::Store>(
      std::make_unique<SqliteStore>(std::move(writer), std::move(reader)));
}

Result<std::int64_t> verify_store(const std::string& path) {
  auto database = TRY(Database::open(path, Access::ReadOnly));
  TRY(check_identity(*database));
  TRY(database->script("BEGIN"));  // one snapshot, however long the reading takes
  TRY(check_structure(*database));
  return verify_chain(*database);
}

}  // namespace slipway::store

#include "store/outbox_rows.h"

namespace slipway::store {
namespace {
#define COLUMNS \
  "d.id, n.body, d.channel, d.settings, d.state, d.attempts, d.next_ms, d.ended_ms, d.error"

Result<Json> json_of(const std::string& what, const std::string& text) {
  auto json = Json::parse(text);
  if (json) return json;
  return Error(Code::Corrupt, "cannot read " + what + " of the outbox: " + json.error().what,
               "the store's bytes are damaged: restore the last copy");
}

Result<ports::Delivery> delivery_of(const Query& query) {
  ports::Delivery out;
  out.id = query.integer(0);
  out.notice = ports::notice_from_json(TRY(json_of("a notice", query.text(1))));
  out.to = {query.text(2), TRY(json_of("a channel", query.text(3)))};
  out.state = ports::delivery_state_named(query.text(4));
  out.attempts = static_cast<int>(query.integer(5));
  out.next_ms = query.integer(6);
  out.ended_ms = query.integer(7);
  out.error = query.text(8);
  return out;
}

Result<std::vector<ports::Delivery>> all_of(Query& ask) {
  std::vector<ports::Delivery> out;
  while (TRY(ask.step())) out.push_back(TRY(delivery_of(ask)));
  return out;
}
}  // namespace

Result<void> put_notice(Database& database, const ports::Telling& telling) {
  const auto& notice = telling.notice;
  Query put = database.query(
      "INSERT INTO notices (key, release, at_ms, body) VALUES (?,?,?,?) ON CONFLICT DO NOTHING");
  put.bind(notice.key).bind(notice.release).bind(notice.at_ms);
  TRY(put.bind(ports::to_json(notice).dump()).run());
  if (database.changes() == 0) return ok();
  for (const auto& address : telling.to) {
    Query add = database.query(
        "INSERT INTO deliveries (notice, channel, queue, settings, next_ms) VALUES (?,?,?,?,?)");
    add.bind(notice.key).bind(address.channel);
    add.bind(notice.app + "/" + address.channel + "/" + notice.subject);
    TRY(add.bind(address.settings.dump()).bind(notice.at_ms).run());
  }
  return ok();
}

Result<std::vector<ports::Delivery>> read_due(Database& database, std::int64_t now_ms, int most) {
  Query ask = database.query(
      "SELECT " COLUMNS
      " FROM deliveries d JOIN notices n ON n.key = d.notice "
      "WHERE d.state = 'waiting' AND d.next_ms <= ? AND NOT EXISTS (SELECT 1 FROM deliveries e "
      "WHERE e.queue = d.queue AND e.state = 'waiting' AND e.id < d.id) ORDER BY d.id LIMIT ?");
  ask.bind(now_ms).bind(std::int64_t{most});
  return all_of(ask);
}

Result<void> keep_attempt(Database& database, const ports::Delivery& delivery) {
  Query put = database.query(
      "UPDATE deliveries SET state = ?, attempts = ?, next_ms = ?, ended_ms = ?, error = ? "
      "WHERE id = ?");
  put.bind(ports::name_of(delivery.state)).bind(std::int64_t{delivery.attempts});
  put.bind(delivery.next_ms).bind(delivery.ended_ms).bind(delivery.error);
  return put.bind(delivery.id).run();
}

// A notice that was told after the fact stays as long as one of its channels waits.
Result<int> prune_notices(Database& database, std::int64_t before_ms, int most) {
  Query gone = database.query(
      "DELETE FROM deliveries WHERE notice IN (SELECT key FROM notices n WHERE n.release = '' AND "
      "n.at_ms < ? AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.notice = n.key AND "
      "d.state = 'waiting') ORDER BY n.at_ms LIMIT ?)");
  TRY(gone.bind(before_ms).bind(std::int64_t{most}).run());
  Query notices = database.query(
      "DELETE FROM notices WHERE key IN (SELECT key FROM notices n WHERE n.release = '' AND "
      "n.at_ms < ? AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.notice = n.key) "
      "ORDER BY n.at_ms LIMIT ?)");
  TRY(notices.bind(before_ms).bind(std::int64_t{most}).run());
  return static_cast<int>(database.changes());
}

Result<std::vector<ports::Notice>> read_notices(Database& database, const std::string& release) {
  Query ask = database.query("SELECT body FROM notices WHERE release = ? ORDER BY at_ms, key");
  ask.bind(release);
  std::vector<ports::Notice> out;
  while (TRY(ask.step()))
    out.push_back(ports::notice_from_json(TRY(json_of("a notice", ask.text(0)))));
  return out;
}

Result<std::vector<ports::Delivery>> read_deliveries(Database& database,
                                                     const std::string& release) {
  Query ask = database.query("SELECT " COLUMNS
                             " FROM deliveries d JOIN notices n ON n.key = d.notice "
                             "WHERE n.release = ? ORDER BY d.id");
  ask.bind(release);
  return all_of(ask);
}

}  // namespace slipway::store

#include "store/journal_rows.h"

#include "store/chain.h"
#include "store/lease_rules.h"
#include "store/release_rows.h"

namespace slipway::store {
namespace {
#define COLUMNS "seq, release, epoch, at_ms, event, step, op, detail, state"

ports::Record record_of(const Query& query) {
  ports::Record record;
  record.seq = query.integer(0);
  record.release = query.text(1);
  record.epoch = static_cast<std::uint64_t>(query.integer(2));
  record.at_ms = query.integer(3);
  record.event = query.text(4);
  record.step = query.text(5);
  record.op = query.text(6);
  record.detail = query.text(7);
  record.state = query.text(8);
  return record;
}

struct ChainEnd {
  std::int64_t seq = 0;
  std::string hash = chain_start();
};

Result<ChainEnd> read_chain_end(Database& database) {
  Query ask = database.query("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1");
  if (!TRY(ask.step())) return ChainEnd();
  return ChainEnd{ask.integer(0), ask.text(1)};
}

Error broken_chain(const Database& database, std::int64_t seq, const std::string& why) {
  return Error(Code::Corrupt,
               "the journal in " + database.path() + " is not as it was written: row " +
                   std::to_string(seq) + " " + why,
               "find out who changed the file; restore the last copy whose chain is whole");
}

Result<Json> json_of(const std::string& key, const std::string& text) {
  auto json = Json::parse(text);
  if (json) return json;
  return Error(Code::Corrupt, "cannot read the stored value " + key + ": " + json.error().what,
               "the store's bytes are damaged: restore the last copy");
}
}  // namespace

Result<std::int64_t> append_record(Database& database, ports::Record record) {
  if (!TRY(read_outcome(database, record.release))) return no_such_release(record.release);
  const ChainEnd end = TRY(read_chain_end(database));
  record.seq = end.seq + 1;
  Query put =
      database.query("INSERT INTO journal (" COLUMNS ", hash) VALUES (?,?,?,?,?,?,?,?,?,?)");
  put.bind(record.seq)
      .bind(record.release)
      .bind(static_cast<std::int64_t>(record.epoch))
      .bind(record.at_ms);
  put.bind(record.event).bind(record.step).bind(record.op).bind(record.detail).bind(record.state);
  TRY(put.bind(chain_hash(end.hash, record)).run());
  return record.seq;
}

Result<std::optional<ports::Record>> read_last_record(Database& database,
                                                      const std::string& release) {
  Query ask =
      database.query("SELECT " COLUMNS " FROM journal WHERE release = ? ORDER BY seq DESC LIMIT 1");
  if (!TRY(ask.bind(release).step())) return std::optional<ports::Record>();
  return std::optional(record_of(ask));
}

Result<std::vector<ports::Record>> read_records(Database& database, const std::string& release,
                                                std::int64_t after_seq) {
  Query ask =
      database.query("SELECT " COLUMNS " FROM journal WHERE release = ? AND seq > ? ORDER BY seq");
  ask.bind(release).bind(after_seq);
  std::vector<ports::Record> records;
  while (TRY(ask.step())) records.push_back(record_of(ask));
  return records;
}

Result<std::int64_t> verify_chain(Database& database) {
  Query ask = database.query("SELECT " COLUMNS ", hash FROM journal ORDER BY seq");
  ChainEnd end;
  while (TRY(ask.step())) {
    const ports::Record record = record_of(ask);
    if (record.seq != end.seq + 1) return broken_chain(database, end.seq + 1, "is missing");
    end = {record.seq, chain_hash(end.hash, record)};
    if (ask.text(9) != end.hash)
      return broken_chain(database, record.seq, "does not match its hash");
  }
  const std::int64_t given =
      TRY(database.number("SELECT seq FROM sqlite_sequence WHERE name = 'journal'"));
  if (given != end.seq) return broken_chain(database, end.seq + 1, "is missing at the end");
  return end.seq;
}

Result<std::optional<Json>> read_value(Database& database, const std::string& key) {
  Query ask = database.query("SELECT json FROM named_values WHERE key = ?");
  if (!TRY(ask.bind(key).step())) return std::optional<Json>();
  return std::optional(TRY(json_of(key, ask.text(0))));
}

Result<void> set_value(Database& database, const std::string& key, const Json& json) {
  Query put = database.query(
      "INSERT INTO named_values (key, json) VALUES (?, ?) ON CONFLICT DO UPDATE SET json = "
      "excluded.json");
  return put.bind(key).bind(json.dump()).run();
}

Result<std::vector<std::pair<std::string, Json>>> read_values(Database& database,
                                                              const std::string& prefix) {
  Query ask = database.query("SELECT key, json FROM named_values WHERE key >= ? ORDER BY key");
  ask.bind(prefix);
  std::vector<std::pair<std::string, Json>> found;
  // Keys with the prefix stand together in byte order, so the first one without it ends them.
  while (TRY(ask.step())) {
    std::string key = ask.text(0);
    if (!key.starts_with(prefix)) break;
    Json json = TRY(json_of(key, ask.text(1)));
    found.emplace_back(std::move(key), std::move(json));
  }
  return found;
}

Result<void> remove_value(Database& database, const std::string& key) {
  return database.query("DELETE FROM named_values WHERE key = ?").bind(key).run();
}

}  // namespace slipway::store

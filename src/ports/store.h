#pragma once
// Store: what lasts. Small on purpose, so that another database can take SQLite's place. Every
// write carries the writer's epoch; a lower one than the environment's lease is refused with
// Fenced.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "ports/incident.h"
#include "ports/outbox.h"
#include "ports/router.h"

namespace slipway::ports {

// The lease on an environment: who may act there. A new taker raises the epoch; nobody unlocks by
// hand.
struct Lease {
  AppRef app;
  std::uint64_t epoch = 0;
  std::string owner;    // "daemon 4711 on host"
  std::string release;  // the release that runs under it; empty: free
};

struct ReleaseRow {
  std::int64_t number = 0;  // r-0042 is 42
  std::string id;
  AppRef app;
  std::string kind;  // deploy | rollback
  std::string version;
  std::string by;
  Json plan;  // plan::to_json
  std::string plan_hash;
  std::string outcome;  // "" while running; completed | rolled_back | aborted
  std::string reason;
  std::int64_t created_ms = 0;
  std::int64_t ended_ms = 0;
};

// One journal record: what happened and the machine's state after it, durable before any effect of
// that state begins (so it is also the intent of the next effect).
struct Record {
  std::int64_t seq = 0;  // by the store, rising over all releases
  std::string release;
  std::uint64_t epoch = 0;
  std::int64_t at_ms = 0;
  std::string event;   // "applied", "settled", "verdict" …
  std::string step;    // step id the event belongs to
  std::string op;      // op-id in flight after this record; empty: none
  std::string detail;  // evidence, in words
  std::string state;   // release::encode(State)
  // What it makes people be told; put into the outbox with it. Not read back with the record.
  std::vector<Telling> tell{};
  // Named values that are written with it: what a verdict rests on. Not read back with the record.
  std::vector<std::pair<std::string, Json>> values{};
};

// Which release has the traffic, which can be gone back to.
struct LiveRow {
  std::string release;                      // empty: none yet
  std::string previous;                     // empty: none
  std::int64_t previous_warm_until_ms = 0;  // 0: its instances are not kept
};

class Store {
 public:
  virtual ~Store() = default;

  // Takes or renews the lease for `release`; LeaseHeld names the owner when another release runs.
  // Raises the epoch when `owner` differs from the row's.
  virtual Result<Lease> take_lease(const AppRef& app, const std::string& owner,
                                   const std::string& release) = 0;
  virtual Result<void> free_lease(const Lease& lease) = 0;
  virtual Result<std::optional<Lease>> lease(const AppRef& app) = 0;

  virtual Result<ReleaseRow> create_release(ReleaseRow row) = 0;  // fills number, id, created_ms
  virtual Result<void> end_release(const Lease& lease, const std::string& release,
                                   const std::string& outcome, const std::string& reason,
                                   std::int64_t ended_ms) = 0;
  virtual Result<ReleaseRow> release(const std::string& id) = 0;
  virtual Result<std::vector<ReleaseRow>> releases(const AppRef& app,
                                                   int most) = 0;  // newest first
  virtual Result<std::vector<ReleaseRow>> unfinished() = 0;

  virtual Result<std::int64_t> append(const Lease& lease,
                                      const Record& record) = 0;  // durable when it returns
  virtual Result<std::optional<Record>> last_record(const std::string& release) = 0;
  virtual Result<std::vector<Record>> records(const std::string& release,
                                              std::int64_t after_seq) = 0;

  // Into the outbox, for what no record causes. A notice whose key is known changes nothing.
  virtual Result<void> tell(const Telling& telling) = 0;
  // Deliveries that wait and whose time has come, oldest first; none whose channel still waits for
  // an older one about the same subject, so that an end never overtakes its beginning.
  virtual Result<std::vector<Delivery>> due(std::int64_t now_ms, int most) = 0;
  // What came of an attempt: state, attempts, next_ms, ended_ms, error.
  virtual Result<void> keep_attempt(const Delivery& delivery) = 0;
  virtual Result<std::vector<Notice>> notices(const std::string& release) = 0;  // oldest first
  virtual Result<std::vector<Delivery>> deliveries(const std::string& release) = 0;
  // Takes away notices that belong to no release and are older, with their deliveries; none that
  // still waits. At most `most` at a time; how many it were.
  virtual Result<int> prune_notices(std::int64_t before_ms, int most) = 0;

  virtual Result<IncidentRow> create_incident(IncidentRow row) = 0;  // fills number and id
  // The row as it is from now on, and what people are told of it, or neither.
  virtual Result<void> keep_incident(const IncidentRow& row,
                                     const std::vector<Telling>& tell) = 0;
  virtual Result<IncidentRow> incident(const std::string& id) = 0;
  virtual Result<std::vector<IncidentRow>> incidents(const AppRef& app,
                                                     int most) = 0;  // newest first
  virtual Result<std::vector<IncidentRow>> open_incidents() = 0;     // oldest first

  virtual Result<LiveRow> live(const AppRef& app) = 0;
  virtual Result<void> set_live(const Lease& lease, const LiveRow& row) = 0;
  virtual Result<std::vector<AppRef>> apps() = 0;

  // Small named values (observed baselines, tokens, settings): key -> JSON.
  virtual Result<std::optional<Json>> value(const std::string& key) = 0;
  virtual Result<void> set_value(const std::string& key, const Json& json) = 0;
  virtual Result<std::vector<std::pair<std::string, Json>>> values(const std::string& prefix) = 0;
  virtual Result<void> remove_value(const std::string& key) = 0;
};

}  // namespace slipway::ports

#pragma once
// What the book says beside what the folder says: what is pending, and what is refused with what to
// do about it. Pure.
#include <string>
#include <vector>

#include "base/json.h"
#include "database/migrations/book.h"
#include "database/migrations/migration.h"

namespace slipway::database::migrations {

struct Refusal {
  std::string
      rule;  // dirty, checksum, out-of-order, gap, unknown, mixed, database, other-tool, unreadable
  std::string id;
  std::string what;
  std::string next;
};

// What the person or slipway.yaml has said is fine.
struct Leave {
  std::vector<std::string> accepted;  // rules: out-of-order, gap, unknown, other-tool, mixed
  Phase through = Phase::Backfill;    // Contract: contract migrations too
  bool accepts(std::string_view rule) const;
};

// The rules that may be accepted; a dirty book or a changed checksum never.
inline constexpr std::string_view kAcceptable = "out-of-order gap unknown other-tool mixed";

struct Outlook {
  std::vector<std::size_t> done;     // of the folder
  std::vector<std::size_t> pending;  // of the folder, in order, up to the first contract
  std::vector<std::size_t>
      waiting;  // pending too, but behind a contract that has not been asked for
  std::vector<std::size_t> blocked;  // of those, what a new release may need to start
  std::vector<Entry> unknown;        // applied and not in the folder
  std::vector<Refusal> refusals;
};

// `resumed`: the migration that slipway itself began and that will be taken up again; "" for none.
Outlook outlook_of(Tool tool, const std::vector<Migration>& folder,
                   const std::vector<Entry>& entries, const Leave& leave,
                   const std::string& resumed);

// All refusals as one error, Refused; `next` is the first one's.
Error to_error(const std::vector<Refusal>& refusals);

}  // namespace slipway::database::migrations

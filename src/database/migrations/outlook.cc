#include "database/migrations/outlook.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "database/migrations/derive.h"
#include "database/migrations/folder.h"
#include "database/migrations/formats.h"

namespace slipway::database::migrations {
namespace {
constexpr std::size_t kLongestCounter = 5;  // longer numbers are dates

const Entry* entry_of(const std::vector<Entry>& entries, const std::string& id) {
  const Entry* out = nullptr;  // the last one holds: Prisma keeps the ones taken back beside it
  for (const Entry& entry : entries) {
    if (entry.id == id) out = &entry;
  }
  return out;
}

std::string way_out_of_dirty(Tool tool, const std::string& id) {
  switch (tool) {
    case Tool::Prisma:
      return fmt::format(
          "look at what of it stands; then prisma migrate resolve --applied {0} when all of it "
          "does, or take the rest back by hand and prisma migrate resolve --rolled-back {0}",
          id);
    case Tool::GolangMigrate:
      return fmt::format(
          "look at what of it stands, put that right, then migrate force VERSION "
          "with {} or the one before it",
          id);
    case Tool::Flyway:
      return "look at what of it stands, take that back, then flyway repair";
    case Tool::Knex:
      return "see that no knex runs any more, then knex migrate:unlock";
    case Tool::Plain:
    case Tool::Drizzle:
    case Tool::Dbmate:
    case Tool::NodePgMigrate:
    case Tool::Command:
      break;
  }
  return "look at what of it stands and put that right";
}

class Maker {
 public:
  Maker(Tool tool, const std::vector<Migration>& folder, const std::vector<Entry>& entries,
        const Leave& leave)
      : tool_(tool), folder_(folder), entries_(entries), leave_(leave) {}

  Outlook make(const std::string& resumed) {
    const std::size_t first = where_to_begin();
    for (std::size_t i = 0; i < folder_.size(); ++i) sort_in(i, first, resumed);
    for (const Entry& entry : entries_) look_for_unknown(entry, resumed);
    look_at_order();
    look_at_gaps();
    look_at_phases();
    hold_behind_contract();
    return std::move(out_);
  }

 private:
  void refuse(std::string rule, const std::string& id, std::string what, std::string next) {
    if (leave_.accepts(rule)) return;
    out_.refusals.push_back({std::move(rule), id, std::move(what), std::move(next)});
  }

  // An empty database begins at the newest baseline, when there is one.
  std::size_t where_to_begin() const {
    std::size_t first = folder_.size();
    if (!entries_.empty()) return first;
    for (std::size_t i = 0; i < folder_.size(); ++i) {
      if (folder_[i].kind == Migration::Kind::Baseline) first = i;
    }
    return first;
  }

  void sort_in(std::size_t i, std::size_t first, const std::string& resumed) {
    const Migration& one = folder_[i];
    const Entry* entry = entry_of(entries_, one.id);
    const bool is_done = entry != nullptr && entry->state == Entry::State::Done;
    if (entry != nullptr && entry->state == Entry::State::Unfinished && one.id != resumed)
      refuse("dirty", one.id, fmt::format("{} was begun and never finished", one.id),
             way_out_of_dirty(tool_, one.id));
    if (one.kind == Migration::Kind::Baseline && !is_done && i != first) return;
    const bool is_covered = first < folder_.size() && i != first &&
                            one.kind == Migration::Kind::Versioned &&
                            compare_versions(one.id, folder_[first].id) <= 0;
    if (is_covered) return;
    if (!is_done) {
      out_.pending.push_back(i);
      return;
    }
    if (checksum_matches(tool_, one, entry->checksum)) {
      out_.done.push_back(i);
    } else if (one.kind == Migration::Kind::Repeatable) {
      out_.pending.push_back(i);
    } else {
      out_.done.push_back(i);
      refuse(
          "checksum", one.id, fmt::format("{} has changed since it was applied", one.path),
          "put the file back as it was (git log tells), and write the change as a new migration");
    }
  }

  void look_for_unknown(const Entry& entry, const std::string& resumed) {
    const bool is_known = std::any_of(folder_.begin(), folder_.end(),
                                      [&](const Migration& one) { return one.id == entry.id; });
    if (is_known || entry.state == Entry::State::TakenBack) return;
    if (entry.state == Entry::State::Unfinished) {
      if (entry.id == resumed) return;
      refuse("dirty", entry.id, fmt::format("{} was begun and never finished", entry.id),
             way_out_of_dirty(tool_, entry.id));
      return;
    }
    out_.unknown.push_back(entry);
    refuse("unknown", entry.id, fmt::format("{} is applied, and is not in the folder", entry.id),
           "use the folder of the newer version; or accept it with --accept unknown when an older "
           "version is meant to run on the newer schema");
  }

  void look_at_order() {
    std::size_t last_done = folder_.size();
    for (const std::size_t i : out_.done) {
      if (folder_[i].kind != Migration::Kind::Repeatable) last_done = i;
    }
    if (last_done == folder_.size()) return;
    for (const std::size_t i : out_.pending) {
      if (i > last_done || folder_[i].kind != Migration::Kind::Versioned) continue;
      refuse("out-of-order", folder_[i].id,
             fmt::format("{} is not applied, and {} behind it is", folder_[i].id,
                         folder_[last_done].id),
             tool_ == Tool::Drizzle
                 ? "generate it again behind the others: Drizzle itself would skip it in silence"
                 : "give it a newer version, or accept the order with --accept out-of-order");
    }
  }

  void look_at_gaps() {
    for (const std::size_t i : out_.pending) {
      if (i == 0 || folder_[i].kind != Migration::Kind::Versioned) continue;
      const auto number = leading_digits(folder_[i].id);
      const auto before = leading_digits(folder_[i - 1].id);
      if (number.empty() || before.empty() || number.size() > kLongestCounter ||
          before.size() > kLongestCounter ||
          number.size() != folder_[i].id.find_first_not_of(number))
        continue;
      const long distance = std::stol(std::string(number)) - std::stol(std::string(before));
      if (distance <= 1) continue;
      refuse("gap", folder_[i].id,
             fmt::format("between {} and {} a number is missing", folder_[i - 1].id, folder_[i].id),
             "merge the branch that has it, or accept the gap with --accept gap");
    }
  }

  Phase phase_of(std::size_t i) const {
    return phase_in(folder_[i], entries_.empty() ? Past::Empty : Past::Begun);
  }

  // One that goes through all phases at once, by hand or on a database nobody uses yet, needs none.
  void look_at_phases() {
    if (leave_.through == Phase::Contract || entries_.empty()) return;
    for (const std::size_t i : out_.pending) {
      const Migration& one = folder_[i];
      if (one.phase != Phase::Unknown || one.mixed.empty()) continue;
      refuse("mixed", one.id, fmt::format("{} is of several phases: {}", one.path, one.mixed),
             "split it into one file for each: what adds, what changes rows, what takes away; or "
             "say in its first line when it is to run: -- slipway: phase=expand (data, contract)");
    }
  }

  // What a release needs before it starts may come behind rows that are to be filled in: those are
  // filled in first then. What comes behind a contract waits with it.
  void hold_behind_contract() {
    if (leave_.through == Phase::Contract) return;
    const auto is = [&](Phase phase) {
      return [this, phase](std::size_t i) { return phase_of(i) == phase; };
    };
    auto& pending = out_.pending;
    auto first = std::find_if(pending.begin(), pending.end(), is(Phase::Contract));
    std::copy_if(first, pending.end(), std::back_inserter(out_.blocked),
                 [&](std::size_t i) { return phase_of(i) == Phase::Expand; });
    if (leave_.through == Phase::Expand)
      while (first != pending.begin() && is(Phase::Backfill)(*(first - 1))) --first;
    out_.waiting.assign(first, pending.end());
    pending.erase(first, pending.end());
  }

  Tool tool_;
  const std::vector<Migration>& folder_;
  const std::vector<Entry>& entries_;
  const Leave& leave_;
  Outlook out_;
};
}  // namespace

bool Leave::accepts(std::string_view rule) const {
  return kAcceptable.find(rule) != std::string_view::npos &&
         std::find(accepted.begin(), accepted.end(), rule) != accepted.end();
}

Outlook outlook_of(Tool tool, const std::vector<Migration>& folder,
                   const std::vector<Entry>& entries, const Leave& leave,
                   const std::string& resumed) {
  return Maker(tool, folder, entries, leave).make(resumed);
}

Error to_error(const std::vector<Refusal>& refusals) {
  std::vector<std::string> what;
  for (const Refusal& one : refusals) what.push_back(one.what);
  if (refusals.empty()) return Error(Code::Internal, "nothing is refused");
  return Error(Code::MigrationRefused, join(what, "; "), refusals.front().next);
}

}  // namespace slipway::database::migrations

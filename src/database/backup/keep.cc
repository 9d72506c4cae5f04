#include "database/backup/keep.h"

namespace slipway::database::backup {

std::vector<std::string> outdated(const std::vector<Entry>& oldest_first, const KeepRule& rule,
                                  WallTime now) {
  std::vector<std::string> out;
  int good = 0;               // from the newest on
  bool reaches_back = false;  // one that is old enough for the oldest moment was met
  for (auto entry = oldest_first.rbegin(); entry != oldest_first.rend(); ++entry) {
    const bool is_enough = rule.count > 0 ? good >= rule.count : reaches_back;
    if (is_enough) out.push_back(entry->id);
    if (!entry->damage.empty()) continue;
    ++good;
    if (now - entry->finished >= rule.age) reaches_back = true;
  }
  return out;
}

}  // namespace slipway::database::backup

#pragma once
// Which dumps need not be kept any more.
#include <string>
#include <vector>

#include "database/backup/catalogue.h"

namespace slipway::database::backup {

struct KeepRule {
  Millis age{};
  int count = 0;  // not 0: so many, whatever their age
};
// By age, the newest one older than `age` stays as well: it is what the oldest moment that must be
// reachable is restored from. Damaged ones neither count nor go before a good one is newer.
std::vector<std::string> outdated(const std::vector<Entry>& oldest_first, const KeepRule& rule,
                                  WallTime now);

}  // namespace slipway::database::backup

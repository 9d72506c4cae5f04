#pragma once
// From the servers HAProxy has to those it is to have: the runtime commands. Pure.
#include <optional>
#include <string>
#include <vector>

#include "drivers/haproxy/master.h"
#include "drivers/haproxy/weights.h"

namespace slipway::drivers::haproxy {

// First what gets more, then what gets less: no moment has nobody to serve. A server that is not
// wanted keeps weight 0, so that it finishes what it has.
std::vector<std::string> commands_for(const std::string& backend, const std::vector<Server>& wanted,
                                      const std::vector<RuntimeServer>& present);
// Servers that left keep their counts, for whoever has not read them yet; of more than this many
// the oldest that have nothing to do are taken away.
constexpr std::size_t kMostDeparted = 16;
std::vector<std::string> removals_for(const std::string& backend, const std::vector<Server>& wanted,
                                      const std::vector<RuntimeServer>& present,
                                      const std::vector<ServerCounts>& counts);
// What keeps HAProxy from serving what is wanted, in words; nullopt when it does.
std::optional<std::string> difference(const std::string& backend, const std::vector<Server>& wanted,
                                      const std::vector<RuntimeServer>& present);

}  // namespace slipway::drivers::haproxy

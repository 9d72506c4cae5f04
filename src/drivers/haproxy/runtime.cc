#include "drivers/haproxy/runtime.h"

#include <algorithm>

namespace slipway::drivers::haproxy {
namespace {
const RuntimeServer* find(const std::vector<RuntimeServer>& present, const std::string& backend,
                          const std::string& name) {
  const auto found = std::find_if(present.begin(), present.end(), [&](const auto& server) {
    return server.backend == backend && server.name == name;
  });
  return found == present.end() ? nullptr : &*found;
}

bool is_wanted(const std::vector<Server>& wanted, const std::string& name) {
  return std::any_of(wanted.begin(), wanted.end(),
                     [&](const Server& server) { return server.name == name; });
}

std::string path_of(const std::string& backend, const std::string& name) {
  return backend + "/" + name;
}

std::string set_weight(const std::string& path, int weight) {
  return "set server " + path + " weight " + std::to_string(weight);
}
}  // namespace

std::vector<std::string> commands_for(const std::string& backend, const std::vector<Server>& wanted,
                                      const std::vector<RuntimeServer>& present) {
  std::vector<std::string> more;
  std::vector<std::string> less;
  for (const auto& server : wanted) {
    const std::string path = path_of(backend, server.name);
    const auto* now = find(present, backend, server.name);
    if (now == nullptr) {
      more.push_back("add server " + path + " " + server.address + " weight " +
                     std::to_string(server.weight));
      more.push_back("enable server " + path);
      continue;
    }
    if (now->weight != server.weight)
      (server.weight > now->weight ? more : less).push_back(set_weight(path, server.weight));
    if (now->is_in_maintenance) more.push_back("set server " + path + " state ready");
  }
  for (const auto& now : present) {
    if (now.backend != backend || is_wanted(wanted, now.name) || now.weight == 0) continue;
    less.push_back(set_weight(path_of(backend, now.name), 0));
  }
  more.insert(more.end(), less.begin(), less.end());
  return more;
}

std::vector<std::string> removals_for(const std::string& backend, const std::vector<Server>& wanted,
                                      const std::vector<RuntimeServer>& present,
                                      const std::vector<ServerCounts>& counts) {
  const auto has_left = [&](const RuntimeServer& now) {
    return now.backend == backend && !is_wanted(wanted, now.name) && now.weight == 0;
  };
  auto left = static_cast<std::size_t>(std::count_if(present.begin(), present.end(), has_left));
  std::vector<std::string> out;
  for (const auto& now : present) {  // the oldest first
    if (left <= kMostDeparted) break;
    if (!has_left(now)) continue;
    const bool is_idle = std::any_of(counts.begin(), counts.end(), [&](const auto& count) {
      return count.backend == backend && count.name == now.name && count.running == 0;
    });
    if (!is_idle) continue;
    --left;
    out.push_back("set server " + path_of(backend, now.name) + " state maint");
    out.push_back("del server " + path_of(backend, now.name));
  }
  return out;
}

std::optional<std::string> difference(const std::string& backend, const std::vector<Server>& wanted,
                                      const std::vector<RuntimeServer>& present) {
  for (const auto& server : wanted) {
    const std::string path = path_of(backend, server.name);
    const auto* now = find(present, backend, server.name);
    if (now == nullptr) return "there is no server " + path;
    if (now->address != server.address)
      return path + " is at " + now->address + ", not at " + server.address;
    if (now->weight != server.weight) {
      return path + " has weight " + std::to_string(now->weight) + ", not " +
             std::to_string(server.weight);
    }
    if (now->is_in_maintenance) return path + " is in maintenance";
  }
  for (const auto& now : present) {
    const bool gets_more = now.backend == backend && now.weight > 0 && !now.is_in_maintenance;
    if (gets_more && !is_wanted(wanted, now.name))
      return path_of(backend, now.name) + " has weight " + std::to_string(now.weight) +
             " and is no server of slipway's";
  }
  return std::nullopt;
}

}  // namespace slipway::drivers::haproxy

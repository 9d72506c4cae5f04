#pragma once
// The servers of a service as HAProxy is to have them: names, addresses and weights. Pure.
#include <string>
#include <vector>

#include "ports/router.h"

namespace slipway::drivers::haproxy {

constexpr int kMostWeight = 256;

struct Server {
  std::string name;     // "r-0001_127.0.0.1:20001"
  std::string address;  // "127.0.0.1:20001"
  int weight = 0;
  friend bool operator==(const Server&, const Server&) = default;
};

// One per address of every share. Weights are whole numbers up to 256: the shares are met as nearly
// as those allow, and a release that is to get something gets something.
std::vector<Server> servers_of(const ports::Split& split, const std::string& service);

std::string server_name(const std::string& release, const std::string& address);
std::string release_in(const std::string& server_name);
// "slipway.shop.production.web"
std::string backend_of(const ports::AppRef& app, const std::string& service);

}  // namespace slipway::drivers::haproxy

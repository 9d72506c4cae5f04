#include <set>

#include "drivers/process/driver.h"
#include "io/clock.h"
#include "io/files.h"
#include "io/socket.h"

namespace slipway::drivers::process {
namespace {
constexpr int kFirst = 20'000;
constexpr int kCount = 10'000;
constexpr int kTries = 200;

// Ports given to instances that run or are being born: one of those may not listen yet.
std::set<int> given_ports(const std::string& root) {
  std::set<int> out;
  const auto names = [](const std::string& folder) {
    auto listed = io::list_dir(folder);
    return listed ? std::move(listed).value() : std::vector<std::string>();
  };
  for (const auto& app : names(root)) {
    for (const auto& environment : names(root + "/" + app)) {
      for (const auto& service : names(root + "/" + app + "/" + environment)) {
        const std::string at = root + "/" + app + "/" + environment + "/" + service;
        for (const auto& release : names(at)) {
          for (const auto& place : places_in(at + "/" + release)) {
            const auto found = look_into(place.folder);
            if (found.alive && found.spec && found.spec->port != 0) out.insert(found.spec->port);
          }
        }
      }
    }
  }
  return out;
}
}  // namespace

Result<int> free_port(const std::string& root) {
  const auto given = given_ports(root);
  io::SystemRandom random;
  for (int i = 0; i < kTries; ++i) {
    const int port = kFirst + static_cast<int>(random.next() % kCount);
    if (given.count(port) != 0) continue;
    const auto tried = io::listen_tcp({"127.0.0.1", port});
    if (tried) return port;
  }
  return Error(Code::AddressInUse, "no free port between 20000 and 29999 was found",
               "stop what listens there");
}

}  // namespace slipway::drivers::process

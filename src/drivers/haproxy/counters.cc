#include <map>
#include <mutex>

#include "drivers/haproxy/drivers.h"
#include "drivers/haproxy/master.h"
#include "drivers/haproxy/weights.h"

namespace slipway::drivers::haproxy {
namespace {
// A server that was taken away, or a HAProxy that began anew, counts from zero: what was counted
// before stays in the sum.
class HaproxyCounters final : public ports::Counters {
 public:
  explicit HaproxyCounters(Settings settings) : master_(settings.master) {}

  Result<ports::Counts> read(const ports::AppRef& app, const std::string& release) override {
    const auto counts = TRY(master_.counts());
    const std::lock_guard hold(mutex_);
    take(counts);
    ports::Counts out;
    const std::string prefix = backend_of(app, "");
    for (const auto& [key, counted] : counted_) {
      const auto& [backend, server] = key;
      if (!backend.starts_with(prefix) || release_in(server) != release) continue;
      out.requests += counted.before.requests + counted.now.requests;
      out.errors += counted.before.errors + counted.now.errors;
    }
    return out;
  }

 private:
  using Key = std::pair<std::string, std::string>;  // backend, server
  struct Sum {
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;
  };
  struct Counted {
    Sum before;
    Sum now;
  };

  void take(const std::vector<ServerCounts>& counts) {
    std::map<Key, Sum> seen;
    for (const auto& one : counts) seen[{one.backend, one.name}] = {one.requests, one.errors};
    for (auto& [key, counted] : counted_) {
      const auto found = seen.find(key);
      if (found != seen.end() && found->second.requests >= counted.now.requests) continue;
      counted.before.requests += counted.now.requests;
      counted.before.errors += counted.now.errors;
      counted.now = {};
    }
    for (const auto& [key, sum] : seen) counted_[key].now = sum;
  }

  const Master master_;
  std::mutex mutex_;
  std::map<Key, Counted> counted_;
};
}  // namespace

std::unique_ptr<ports::Counters> make_counters(Settings settings) {
  return std::make_unique<HaproxyCounters>(std::move(settings));
}

}  // namespace slipway::drivers::haproxy

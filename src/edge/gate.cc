#include "edge/gate.h"

#include <fmt/format.h>

#include "io/clock.h"

namespace slipway::edge {
namespace {
constexpr const char* kRefusalNames[] = {"access",       "rate",          "concurrency",
                                         "request_body", "response_body", "slow_upload",
                                         "slow_reader",  "connections",   "proxy_header"};
static_assert(std::size(kRefusalNames) == kRefusals);
constexpr std::size_t kNetworkBytes = 8;  // of an IPv6 /64
}  // namespace

bool NameCounts::enter(std::uint64_t who, std::int64_t most) {
  Shard& shard = shard_of(who);
  const std::lock_guard<std::mutex> guard(shard.lock);
  const auto [at, fresh] = shard.counts.try_emplace(who, 0);
  if (at->second < most) {
    ++at->second;
    return true;
  }
  if (fresh) shard.counts.erase(at);
  return false;
}

void NameCounts::leave(std::uint64_t who) {
  Shard& shard = shard_of(who);
  const std::lock_guard<std::mutex> guard(shard.lock);
  const auto at = shard.counts.find(who);
  ASSERT(at != shard.counts.end() && at->second > 0);
  if (--at->second == 0) shard.counts.erase(at);
}

std::size_t NameCounts::names() const {
  std::size_t sum = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard<std::mutex> guard(shard.lock);
    sum += shard.counts.size();
  }
  return sum;
}

Gate::Gate() {
  io::SystemRandom random;
  key_ = {random.next(), random.next()};
}

void Gate::make_buckets() {
  if (buckets_ == nullptr) buckets_ = std::make_unique<Buckets>();
}

std::uint64_t Gate::name_of(std::uint64_t rule, const Address& client) const {
  const AddressBits bits = bits_of(client);
  const std::size_t size = is_mapped(bits) ? bits.size() : kNetworkBytes;
  return name_of(rule, {reinterpret_cast<const char*>(bits.data()), size});
}

std::uint64_t Gate::name_of(std::uint64_t rule, std::string_view client) const {
  const std::uint64_t name = keyed_hash(key_, rule, client);
  return name == 0 ? 1 : name;  // 0 is nobody
}

std::string Gate::prometheus_text() const {
  std::string out = "# TYPE slipway_edge_refused_total counter\n";
  for (std::size_t i = 0; i < kRefusals; ++i)
    fmt::format_to(std::back_inserter(out), "slipway_edge_refused_total{{reason=\"{}\"}} {}\n",
                   kRefusalNames[i], refused_[i].load(std::memory_order_relaxed));
  return out;
}

}  // namespace slipway::edge

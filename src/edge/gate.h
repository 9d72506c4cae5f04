#pragma once
// What all workers of the process share to admit requests: buckets, counts of what goes on at once,
// and how often something was refused.
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "edge/address.h"
#include "edge/buckets.h"

namespace slipway::edge {

// Counts by name, exact. A name is there only while its count is above 0, so there are never more
// of them than there are connections and requests.
class NameCounts {
 public:
  bool enter(std::uint64_t who, std::int64_t most);  // false: there are `most` already
  void leave(std::uint64_t who);
  std::size_t names() const;

 private:
  static constexpr std::size_t kShards = 64;
  struct alignas(64) Shard {
    mutable std::mutex lock;
    std::unordered_map<std::uint64_t, std::int64_t> counts;
  };
  Shard& shard_of(std::uint64_t who) { return shards_[who % kShards]; }
  Shard shards_[kShards];
};

// Why the edge itself turned something away.
enum class Refusal : std::uint8_t {
  Access,
  Rate,
  Concurrency,
  RequestBody,
  ResponseBody,
  SlowUpload,
  SlowReader,
  Connections,
  ProxyHeader,
};
inline constexpr std::size_t kRefusals = 9;

class Gate {
 public:
  Gate();
  // Before workers get a table that limits rates: the buckets take 2 MiB, and only then.
  void make_buckets();
  Buckets& buckets() { return *buckets_; }
  NameCounts& counts() { return counts_; }
  // An IPv6 client is its /64: whoever has one address there has all of them.
  std::uint64_t name_of(std::uint64_t rule, const Address& client) const;
  std::uint64_t name_of(std::uint64_t rule, std::string_view client) const;
  void refused(Refusal why) {
    refused_[static_cast<std::size_t>(why)].fetch_add(1, std::memory_order_relaxed);
  }
  std::uint64_t refusals(Refusal why) const {
    return refused_[static_cast<std::size_t>(why)].load(std::memory_order_relaxed);
  }
  std::string prometheus_text() const;

 private:
  HashKey key_;
  std::unique_ptr<Buckets> buckets_;
  NameCounts counts_;
  std::atomic<std::uint64_t> refused_[kRefusals] = {};
};

}  // namespace slipway::edge

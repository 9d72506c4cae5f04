#pragma once
// Courier: takes notices from the outbox to their channels, each at least once. A channel is told
// one thing at a time, and a few channels at once, so that one that does not answer keeps nobody
// else waiting. What fails is tried again, ever more seldom, until the channel's `give_up`; then,
// and when a channel says no for good, the notice is dead: it stays in the history with its reason.
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "daemon/house.h"

namespace slipway::daemon {

class Courier {
 public:
  explicit Courier(House& house) : house_(house) {}
  ~Courier() { close(); }

  // What a channel gets beside the notice as it is kept; before start().
  using Dress = std::function<void(ports::Notice&, const config::Channel&)>;
  void dress_with(Dress dress) { dress_ = std::move(dress); }
  void start(ChannelFactory channels);
  void close();  // waits for what is being sent
  void poke();   // something new is in the outbox

 private:
  void work();
  std::optional<ports::Delivery> next(std::uint64_t& seen);  // seen: pokes before the look
  // Delivers; false when what came of it could not be kept.
  bool deliver(ports::Delivery delivery);
  ports::Outcome send(const ports::Delivery& delivery, const config::Channel& channel);
  void tell_outcome(const ports::Delivery& delivery);
  void rest(std::uint64_t seen);  // until poked again, or for a moment

  House& house_;
  ChannelFactory channels_;
  Dress dress_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> busy_;  // app/channel
  std::uint64_t pokes_ = 0;
  bool ticking_ = false;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

// How long to wait after the n-th failed attempt: doubling from a second to five minutes, and up to
// a fifth more by the dice.
Millis pause_after(int attempts, std::uint64_t dice);
// What becomes of a delivery after an attempt that ended so.
ports::Delivery after_attempt(ports::Delivery delivery, const ports::Outcome& outcome,
                              Millis give_up, std::int64_t now_ms, std::uint64_t dice);

}  // namespace slipway::daemon

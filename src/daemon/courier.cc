#include "daemon/courier.h"

#include <algorithm>

#include "base/crash_point.h"

namespace slipway::daemon {
namespace {
constexpr int kThreads = 8;      // so many channels may fail to answer before a good one waits
constexpr int kMostLooked = 64;  // of what is due, at a time
constexpr Millis kTick{1'000};
constexpr Millis kFirstPause{1'000};
constexpr Millis kLongestPause{300'000};
constexpr Millis kMostAsked{3'600'000};  // a channel may ask for more; it is asked again then

std::string queue_of(const ports::Delivery& delivery) {
  return delivery.notice.app + "/" + delivery.to.channel;
}
}  // namespace

Millis pause_after(int attempts, std::uint64_t dice) {
  Millis pause = kFirstPause;
  for (int i = 1; i < attempts && pause < kLongestPause; ++i) pause *= 2;
  pause = std::min(pause, kLongestPause);
  const auto fifth = static_cast<std::uint64_t>(pause.count() / 5);
  return pause + Millis(dice % (fifth + 1));
}

ports::Delivery after_attempt(ports::Delivery delivery, const ports::Outcome& outcome,
                              Millis give_up, std::int64_t now_ms, std::uint64_t dice) {
  using Kind = ports::Outcome::Kind;
  delivery.attempts += 1;
  if (outcome.kind == Kind::Applied) {
    delivery.state = ports::DeliveryState::Sent;
    delivery.ended_ms = now_ms;
    delivery.error.clear();
    return delivery;
  }
  delivery.error = outcome.why.sentence();
  const bool for_good = outcome.kind == Kind::NotApplied && !facts_of(outcome.why.code).retryable;
  const Millis asked = std::min(outcome.not_before, kMostAsked);
  delivery.next_ms = now_ms + std::max(pause_after(delivery.attempts, dice), asked).count();
  if (for_good || delivery.next_ms > delivery.notice.at_ms + give_up.count()) {
    delivery.state = ports::DeliveryState::Dead;
    delivery.ended_ms = now_ms;
  }
  return delivery;
}

void Courier::start(ChannelFactory channels) {
  channels_ = std::move(channels);
  for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { work(); });
}

void Courier::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  threads_.clear();
}

void Courier::poke() {
  {
    const std::lock_guard lock(mutex_);
    ++pokes_;
  }
  changed_.notify_all();
}

void Courier::work() {
  while (true) {
    std::uint64_t seen = 0;
    auto delivery = next(seen);
    if (!delivery) {
      rest(seen);
    } else {
      const std::string queue = queue_of(*delivery);
      const bool kept = deliver(std::move(*delivery));
      {
        const std::lock_guard lock(mutex_);
        busy_.erase(queue);
      }
      // The store did not take what came of it: sending again at once would only repeat it.
      if (!kept) rest(seen);  // for a moment
    }
    const std::lock_guard lock(mutex_);
    if (closing_) return;
  }
}

// One of those who rest looks after the time; the others sleep until there is news, or until that
// one has got something to do.
void Courier::rest(std::uint64_t seen) {
  std::unique_lock lock(mutex_);
  const auto news = [&] { return closing_ || pokes_ != seen; };
  if (!ticking_) {
    ticking_ = true;
    changed_.wait_for(lock, kTick, news);
    ticking_ = false;
  } else {
    changed_.wait(lock, [&] { return news() || !ticking_; });
  }
}

// The oldest that is due and whose channel is told nothing else at the moment.
std::optional<ports::Delivery> Courier::next(std::uint64_t& seen) {
  const std::lock_guard lock(mutex_);
  seen = pokes_;
  if (closing_) return std::nullopt;
  auto due = house_.store.due(house_.now_ms(), kMostLooked);
  if (!due) return std::nullopt;
  for (auto& delivery : *due) {
    if (!busy_.insert(queue_of(delivery)).second) continue;
    changed_.notify_one();  // there may be more for somebody else
    return std::move(delivery);
  }
  return std::nullopt;
}

ports::Outcome Courier::send(const ports::Delivery& delivery, const config::Channel& channel) {
  auto notifier = channels_(channel);
  if (!notifier) return ports::Outcome::not_applied(notifier.error());
  ports::Notice notice = delivery.notice;
  if (dress_) dress_(notice, channel);
  return (*notifier)->send(notice);
}

bool Courier::deliver(ports::Delivery delivery) {
  const auto channel = config::channel_from_json(delivery.to.settings);
  crash_point("courier.before-send");
  const auto outcome = send(delivery, channel);
  crash_point("courier.after-send");
  delivery = after_attempt(std::move(delivery), outcome, channel.give_up, house_.now_ms(),
                           house_.random.next());
  const auto kept = house_.store.keep_attempt(delivery);
  crash_point("courier.after-kept");
  if (!kept) {
    house_.log.warning("notices", "cannot keep that " + delivery.notice.key + " was sent to " +
                                      channel.name + ": " + kept.error().sentence());
    return false;
  }
  tell_outcome(delivery);
  return true;
}

void Courier::tell_outcome(const ports::Delivery& delivery) {
  const bool sent = delivery.state == ports::DeliveryState::Sent;
  const bool dead = delivery.state == ports::DeliveryState::Dead;
  house_.metrics.add("slipway_notices_total", {{"channel", delivery.to.channel},
                                               {"outcome", sent   ? "sent"
                                                           : dead ? "dead"
                                                                  : "failed"}});
  // A channel that fails for hours is told once at its beginning and once at its end.
  if (!sent && !dead && delivery.attempts > 1) return;
  const auto fields = Json::object()
                          .set("notice", delivery.notice.key)
                          .set("channel", delivery.to.channel)
                          .set("attempts", delivery.attempts);
  if (sent) {
    house_.log.note("notices", "told " + delivery.to.channel, fields);
  } else if (dead) {
    house_.log.error("notices", "gave up: " + delivery.error, fields);
  } else {
    house_.log.warning("notices", "not yet told: " + delivery.error, fields);
  }
}

}  // namespace slipway::daemon

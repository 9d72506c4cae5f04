#include "daemon/courier.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "io/clock.h"
#include "store/memory_store.h"

namespace slipway::daemon {
namespace {
using Kind = ports::Outcome::Kind;
using State = ports::DeliveryState;

const ports::Outcome kYes = ports::Outcome::applied();
const ports::Outcome kNever = ports::Outcome::not_applied({Code::Refused, "invalid_payload"});
const ports::Outcome kNotNow = ports::Outcome::not_applied({Code::IoFailed, "503"});
const ports::Outcome kWhoKnows = ports::Outcome::unknown({Code::Timeout, "no answer"});

ports::Delivery waiting() {
  ports::Delivery out;
  out.notice.at_ms = 1'000;
  return out;
}

TEST(Courier, WaitsTwiceAsLongEachTimeUpToFiveMinutes) {
  EXPECT_EQ(pause_after(1, 0), Millis(1'000));
  EXPECT_EQ(pause_after(2, 0), Millis(2'000));
  EXPECT_EQ(pause_after(5, 0), Millis(16'000));
  EXPECT_EQ(pause_after(1'000'000, 0), Millis(300'000));
  for (std::uint64_t dice = 0; dice < 5'000; dice += 37) {
    EXPECT_GE(pause_after(1, dice), Millis(1'000));
    EXPECT_LE(pause_after(1, dice), Millis(1'200));
  }
}

TEST(Courier, WhatArrivedIsSent) {
  auto before = waiting();
  before.error = "503";
  const auto after = after_attempt(before, kYes, Millis(10'000), 2'000, 0);
  EXPECT_EQ(after.state, State::Sent);
  EXPECT_EQ(after.ended_ms, 2'000);
  EXPECT_EQ(after.attempts, 1);
  EXPECT_EQ(after.error, "");
}

TEST(Courier, WhatMayHaveArrivedIsSentAgain) {
  for (const auto& outcome : {kNotNow, kWhoKnows}) {
    const auto after = after_attempt(waiting(), outcome, Millis(10'000), 2'000, 0);
    EXPECT_EQ(after.state, State::Waiting);
    EXPECT_EQ(after.next_ms, 3'000);
    EXPECT_FALSE(after.error.empty());
  }
}

TEST(Courier, LeavesAChannelAloneForAsLongAsItAsksButNotForLongerThanAnHour) {
  auto asks = kNotNow;
  asks.not_before = Millis(90'000);
  EXPECT_EQ(after_attempt(waiting(), asks, Millis(86'400'000), 2'000, 0).next_ms, 92'000);
  asks.not_before = Millis(500);
  EXPECT_EQ(after_attempt(waiting(), asks, Millis(86'400'000), 2'000, 0).next_ms, 3'000);
  asks.not_before = std::chrono::hours(24 * 365);
  EXPECT_EQ(after_attempt(waiting(), asks, Millis(86'400'000), 2'000, 0).next_ms, 3'602'000);
  asks.not_before = Millis(90'000);
  EXPECT_EQ(after_attempt(waiting(), asks, Millis(10'000), 2'000, 0).state, State::Dead)
      << "it would come after give_up";
}

TEST(Courier, WhatIsRefusedForGoodIsDeadAtOnceAndSaysWhy) {
  const auto after = after_attempt(waiting(), kNever, Millis(10'000), 2'000, 0);
  EXPECT_EQ(after.state, State::Dead);
  EXPECT_EQ(after.ended_ms, 2'000);
  EXPECT_EQ(after.error, "invalid_payload");
}

TEST(Courier, GivesUpWhenTheNextAttemptWouldBeTooLate) {
  EXPECT_EQ(after_attempt(waiting(), kNotNow, Millis(10'000), 9'999, 0).state, State::Waiting);
  EXPECT_EQ(after_attempt(waiting(), kNotNow, Millis(10'000), 10'001, 0).state, State::Dead);
}

// Channels by name; each answers what it is told to, and keeps what it got.
struct World {
  struct Channel {
    std::vector<std::string> got;
    std::vector<ports::Outcome> answers;  // the next ones; then yes
    bool hangs = false;
  };
  class Line : public ports::Notifier {
   public:
    Line(World& world, std::string name) : world_(world), name_(std::move(name)) {}
    ports::Outcome send(const ports::Notice& notice) override {
      std::unique_lock lock(world_.mutex);
      auto& channel = world_.channels[name_];
      channel.got.push_back(notice.key);
      world_.changed.notify_all();
      world_.changed.wait(lock, [&] { return !channel.hangs; });
      if (channel.answers.empty()) return kYes;
      auto answer = channel.answers.front();
      channel.answers.erase(channel.answers.begin());
      return answer;
    }

   private:
    World& world_;
    std::string name_;
  };

  World()
      : null(::open("/dev/null", O_WRONLY | O_CLOEXEC)), log(clock, null, telemetry::Form::Json) {
    metrics.counter("slipway_notices_total", "");
    store.set_crash_hook([this](const char*) {
      const std::lock_guard lock(mutex);
      changed.notify_all();
    });
    courier.start(
        [this](const config::Channel& channel) -> Result<std::unique_ptr<ports::Notifier>> {
          if (channel.name == "secretless")
            return Error(Code::SecretUnavailable, "no TOKEN", "set it");
          return std::unique_ptr<ports::Notifier>(std::make_unique<Line>(*this, channel.name));
        });
  }
  ~World() {
    release_all();
    courier.close();
    ::close(null);
  }
  void release_all() {
    const std::lock_guard lock(mutex);
    for (auto& [name, channel] : channels) channel.hangs = false;
    changed.notify_all();
  }
  void tell(const std::string& key, const std::vector<std::string>& to) {
    ports::Telling telling;
    telling.notice.key = key;
    telling.notice.release = "r-0001";
    telling.notice.subject = "s";
    telling.notice.at_ms = to_unix_ms(clock.now());
    for (const auto& name : to) {
      config::Channel channel;
      channel.name = name;
      telling.to.push_back({name, config::to_json(channel)});
    }
    ASSERT_TRUE(store.tell(telling));
    courier.poke();
  }
  bool got(const std::string& name, const std::vector<std::string>& keys) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, Millis(20'000), [&] { return channels[name].got == keys; });
  }
  ports::Delivery delivery(std::size_t index) { return store.deliveries("r-0001")->at(index); }
  // Waits for what the store comes to hold.
  bool comes(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, Millis(20'000), condition);
  }
  bool becomes(std::size_t index, State state) {
    return comes([&] { return delivery(index).state == state; });
  }

  io::SystemClock clock;
  io::SystemRandom random;
  int null;
  telemetry::Log log;
  telemetry::Metrics metrics;
  store::MemoryStore store;
  House house{store, clock, random, log, metrics, {}, {}, {}, {}, 0, 0};
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, Channel> channels;
  Courier courier{house};
};

TEST(Courier, TellsEveryChannelInOrder) {
  World world;
  world.tell("a", {"team", "mail"});
  world.tell("b", {"team"});
  EXPECT_TRUE(world.got("team", {"a", "b"}));
  EXPECT_TRUE(world.got("mail", {"a"}));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(world.becomes(i, State::Sent)) << i;
}

TEST(Courier, SeveralChannelsThatHangKeepNobodyElseWaiting) {
  World world;
  for (const auto* name : {"h1", "h2", "h3", "h4", "h5"}) world.channels[name].hangs = true;
  world.tell("a", {"h1", "h2", "h3", "h4", "h5", "team"});
  EXPECT_TRUE(world.got("team", {"a"}));
  EXPECT_TRUE(world.becomes(5, State::Sent));
  EXPECT_EQ(world.delivery(0).state, State::Waiting);
  world.tell("b", {"h1", "team"});
  EXPECT_TRUE(world.got("team", {"a", "b"}));
  EXPECT_TRUE(world.got("h1", {"a"})) << "one thing at a time";
  world.release_all();
  EXPECT_TRUE(world.got("h1", {"a", "b"}));
}

TEST(Courier, TriesAgainAndNeverOvertakes) {
  World world;
  world.channels["team"].answers = {kNotNow, kYes};
  world.tell("a", {"team"});
  world.tell("b", {"team"});
  EXPECT_TRUE(world.got("team", {"a", "a", "b"}));
  EXPECT_TRUE(world.becomes(1, State::Sent));
  EXPECT_EQ(world.delivery(0).attempts, 2);
}

TEST(Courier, ASecretThatIsNotThereYetIsWaitedFor) {
  World world;
  world.tell("a", {"secretless"});
  EXPECT_TRUE(world.comes([&] { return world.delivery(0).attempts > 0; }));
  EXPECT_EQ(world.delivery(0).state, State::Waiting);
  EXPECT_NE(world.delivery(0).error.find("no TOKEN"), std::string::npos);
}

}  // namespace
}  // namespace slipway::daemon

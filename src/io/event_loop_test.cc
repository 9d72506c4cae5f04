#include "io/event_loop.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "io/signals.h"

namespace slipway::io {
namespace {

struct Pair {
  Fd a;
  Fd b;
};
Pair make_pair_of_sockets() {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

class EventLoopTest : public ::testing::Test {
 protected:
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::make());
};

TEST_F(EventLoopTest, CallsBackWhenAnFdIsReadable) {
  Pair pair = make_pair_of_sockets();
  int calls = 0;
  ASSERT_TRUE(loop_->add(pair.a.get(), EPOLLIN, Trigger::Level, [&](std::uint32_t events) {
    EXPECT_NE(events & EPOLLIN, 0U);
    ++calls;
  }));
  loop_->poll_once(Millis(0));
  EXPECT_EQ(calls, 0);
  ASSERT_EQ(::write(pair.b.get(), "x", 1), 1);
  loop_->poll_once(Millis(1000));
  loop_->poll_once(Millis(1000));
  EXPECT_EQ(calls, 2);  // level-triggered: still readable
  loop_->remove(pair.a.get());
}

TEST_F(EventLoopTest, CallsBackOncePerEdge) {
  Pair pair = make_pair_of_sockets();
  int calls = 0;
  ASSERT_TRUE(loop_->add(pair.a.get(), EPOLLIN, Trigger::Edge, [&](std::uint32_t) { ++calls; }));
  ASSERT_EQ(::write(pair.b.get(), "x", 1), 1);
  loop_->poll_once(Millis(1000));
  loop_->poll_once(Millis(0));
  EXPECT_EQ(calls, 1);
  loop_->remove(pair.a.get());
}

TEST_F(EventLoopTest, DoesNotCallWhatAnotherCallbackOfTheSameRoundRemoved) {
  Pair first = make_pair_of_sockets();
  Pair second = make_pair_of_sockets();
  int calls = 0;
  const auto remove_both = [&](std::uint32_t) {
    ++calls;
    loop_->remove(first.a.get());
    loop_->remove(second.a.get());
  };
  ASSERT_TRUE(loop_->add(first.a.get(), EPOLLIN, Trigger::Level, remove_both));
  ASSERT_TRUE(loop_->add(second.a.get(), EPOLLIN, Trigger::Level, remove_both));
  ASSERT_EQ(::write(first.b.get(), "x", 1), 1);
  ASSERT_EQ(::write(second.b.get(), "x", 1), 1);
  loop_->poll_once(Millis(1000));
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoopTest, RunsTimersInTheOrderOfTheirTimes) {
  std::vector<int> order;
  loop_->after(Millis(20), [&] { order.push_back(2); });
  loop_->after(Millis(1), [&] { order.push_back(1); });
  const auto cancelled = loop_->after(Millis(5), [&] { order.push_back(9); });
  loop_->cancel(cancelled);
  loop_->after(Millis(40), [&] { loop_->stop(); });
  loop_->run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(EventLoopTest, LetsATimerSetItselfAgainWithoutStarvingTheRest) {
  int fired = 0;
  std::function<void()> again = [&] {
    ++fired;
    loop_->after(Millis(0), again);
  };
  loop_->after(Millis(0), again);
  loop_->poll_once(Millis(10));
  EXPECT_EQ(fired, 1);
}

TEST_F(EventLoopTest, KeepsWorkingAfterManyTimersWereCancelled) {
  bool fired = false;
  for (int i = 0; i < 10'000; ++i) loop_->cancel(loop_->after(Millis(60'000), [] { FAIL(); }));
  loop_->after(Millis(1), [&] { fired = true; });
  for (int i = 0; i < 100 && !fired; ++i) loop_->poll_once(Millis(100));
  EXPECT_TRUE(fired);
}

TEST_F(EventLoopTest, RunsWhatOtherThreadsPost) {
  int sum = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) loop_->post([&] { ++sum; });
    });
  }
  std::thread stopper([&] {
    for (auto& thread : threads) thread.join();
    loop_->post([&] { loop_->stop(); });
  });
  loop_->run();
  stopper.join();
  EXPECT_EQ(sum, 4000);
}

TEST_F(EventLoopTest, SaysNoWhenTooMuchIsPosted) {
  for (std::size_t i = 0; i < EventLoop::kMostPosted; ++i) ASSERT_TRUE(loop_->post([] {}));
  EXPECT_FALSE(loop_->post([] {}));
  loop_->poll_once(Millis(0));
  EXPECT_TRUE(loop_->post([] {}));
}

TEST_F(EventLoopTest, StopsAtOnceWhenItWasStoppedBefore) {
  loop_->stop();
  loop_->run();
}

TEST_F(EventLoopTest, TurnsSignalsIntoCallbacks) {
  int got = 0;
  const auto source = SignalSource::make(*loop_, {SIGUSR1}, [&](int signal) { got = signal; });
  ASSERT_TRUE(source);
  ASSERT_EQ(::kill(::getpid(), SIGUSR1), 0);
  for (int i = 0; i < 50 && got == 0; ++i) loop_->poll_once(Millis(100));
  EXPECT_EQ(got, SIGUSR1);
}

}  // namespace
}  // namespace slipway::io

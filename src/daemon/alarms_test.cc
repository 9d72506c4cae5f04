#include "daemon/alarms.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "drivers/fake/drivers.h"
#include "io/clock.h"
#include "store/memory_store.h"

namespace slipway::daemon {
namespace {

struct Watch {
  Watch()
      : null(::open("/dev/null", O_WRONLY | O_CLOEXEC)), log(clock, null, telemetry::Form::Json) {
    for (const auto* name : {"team", "pager"}) settings.channels[name].name = name;
    add("error_rate > 1%", Millis(5'000), "warning", "team");
    add("down", Millis(0), "critical", "pager");
  }
  ~Watch() { ::close(null); }

  void add(const std::string& when, Millis hold, const std::string& severity,
           const std::string& to) {
    config::AlertRule rule;
    rule.name = rule.when = when;
    rule.condition = config::parse_condition(when).value();
    rule.hold = hold;
    rule.severity = severity;
    rule.to = {to};
    settings.alerts.push_back(rule);
  }
  // Looks once a second for a while.
  void see(int seconds, double percent, int healthy) {
    for (int i = 0; i < seconds; ++i) {
      alerts::Reading reading;
      reading.has_traffic = true;
      reading.error_rate_percent = percent;
      reading.is_probed = true;
      reading.healthy = healthy;
      alarms->consider(app, settings, reading);
      clock.advance(Millis(1'000));
    }
  }
  void restart() { alarms.emplace(house); }
  std::string told() {
    std::string out;
    const auto deliveries = store.deliveries("");
    for (const auto& one : *deliveries) {
      out += (out.empty() ? "" : "; ") + one.to.channel + " " +
             std::string(name_of(one.notice.severity)) + " " + one.notice.text;
    }
    return out;
  }

  drivers::fake::VirtualClock clock;
  io::SystemRandom random;
  int null;
  telemetry::Log log;
  telemetry::Metrics metrics;
  store::MemoryStore store;
  House house{store, clock, random, log, metrics, {}, {}, {}, {}, 0, 0};
  std::optional<Alarms> alarms{house};
  ports::AppRef app{"shop", "production"};
  config::Environment settings;
};

TEST(Alarms, TellWhatFiresAndWhatIsOverToTheChannelsOfTheRule) {
  Watch watch;
  watch.see(5, 3, 2);
  EXPECT_EQ(watch.told(), "");
  watch.see(3, 3, 2);
  EXPECT_EQ(watch.told(), "team warning shop production: error_rate > 1% for 5s: error rate 3%");
  watch.see(12, 0, 2);
  EXPECT_EQ(watch.told(),
            "team warning shop production: error_rate > 1% for 5s: error rate 3%; "
            "team info shop production: error_rate > 1% is over: error rate 0%");
  const auto deliveries = watch.store.deliveries("");
  EXPECT_EQ((*deliveries)[0].notice.subject, (*deliveries)[1].notice.subject);
  EXPECT_EQ((*deliveries)[0].notice.turn, ports::Turn::Opens);
  EXPECT_EQ((*deliveries)[1].notice.turn, ports::Turn::Closes);
}

TEST(Alarms, ADaemonThatComesBackTellsNothingTwiceAndDoesNotForgetTheEnd) {
  Watch watch;
  watch.see(2, 0, 0);
  const std::string down = "pager critical shop production: down: no instance answers its probe";
  EXPECT_EQ(watch.told(), down);
  watch.restart();
  watch.see(3, 0, 0);
  EXPECT_EQ(watch.told(), down);
  watch.restart();
  watch.see(12, 0, 2);
  EXPECT_EQ(watch.told(), down + "; pager info shop production: down is over: 2 instances well");
}

// The store refuses one write after the other; whatever was lost is made up for, once.
TEST(Alarms, ACrashAtAnyWriteLosesNothingAndRepeatsNothing) {
  for (int at = 0; at < 12; ++at) {
    Watch watch;
    int writes = 0;
    watch.store.set_crash_hook([&](const char*) {
      if (writes++ == at) throw std::runtime_error("killed");
    });
    const auto live = [&](int seconds, int healthy) {
      try {
        watch.see(seconds, 0, healthy);
      } catch (const std::runtime_error&) {
        watch.restart();
        watch.see(seconds, 0, healthy);
      }
    };
    live(3, 0);
    live(12, 2);
    EXPECT_EQ(watch.store.deliveries("")->size(), 2u) << at << ": " << watch.told();
  }
}

TEST(Alarms, ARuleThatIsTakenAwayWhileItFiresIsOver) {
  Watch watch;
  watch.see(1, 0, 0);
  watch.settings.alerts.clear();
  watch.see(2, 0, 0);
  const auto notices = watch.store.notices("");
  ASSERT_EQ(notices->size(), 2u);
  EXPECT_EQ((*notices)[1].kind, "resolved");
}

}  // namespace
}  // namespace slipway::daemon

#pragma once
// Incidents: opens them, keeps their clocks, rolls back what they are about, tells, closes them.
// What is to be done stands in the store before it is done, and is looked at again after a crash:
// a release that has no traffic any more is never rolled back once more, and none is rolled back
// to a release whose instances fail their probes.
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/incident.h"
#include "daemon/lookout.h"
#include "daemon/releases.h"

namespace slipway::daemon {

class Incidents {
 public:
  Incidents(House& house, Lookout& lookout, Releases& releases)
      : house_(house), lookout_(lookout), releases_(releases) {}
  ~Incidents() { close(); }
  void start();
  void close();

  // release empty: the one that runs, else the live one. The same words again within a minute are
  // the same incident.
  Result<Incident> open(Incident draft);
  struct Assessment {
    bool rolls_back = false;
    std::string by;
    std::string note;
    std::string eta;
  };
  Result<Incident> assess(const std::string& id, const Assessment& said);
  Result<Incident> end(const std::string& id, const std::string& by, const std::string& resolution);

  // The open one that this alert opened, if there is one, is closed: at once, or when its rollback
  // is over.
  Result<void> alert_is_over(const ports::AppRef& app, const std::string& fingerprint);
  Result<Incident> incident(const std::string& id);
  Result<std::vector<Incident>> of(const ports::AppRef& app, int most);
  // SEV3 that wait for a release here: "i-0008: Minor UI bug".
  std::vector<std::string> listed(const ports::AppRef& app);
  // As they are now: with the time that a rollback under way still takes.
  std::vector<std::pair<std::string, std::string>> message(const Incident& incident);

 private:
  void work();
  void advance(Incident& incident);
  void keep_clock(Incident& incident);
  void respond(Incident& incident);
  void take_back_running(Incident& incident, RunningRelease& running);
  void start_rollback(Incident& incident);
  void look_at_response(Incident& incident);
  void look_for_release(Incident& incident);
  void settle(Incident& incident, Response::State state, const std::string& release,
              const std::string& why);
  Result<void> keep(Incident& incident, const std::vector<Word>& words);
  Result<void> close_incident(Incident& incident, const std::string& by,
                              const std::string& resolution);
  Result<void> choose_release(Incident& draft);
  std::string release_in_trouble(const ports::AppRef& app);
  Result<std::optional<std::string>> rollback_of(const Incident& incident);
  std::string why_unhealthy(const ports::AppRef& app, const std::string& release);
  std::int64_t left_ms(const Incident& incident);
  ports::Telling telling(const Incident& incident, const Word& word);

  House& house_;
  Lookout& lookout_;
  Releases& releases_;
  std::mutex busy_;  // one thing at a time happens to incidents
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace slipway::daemon

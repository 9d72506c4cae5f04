#pragma once
// LogTail: the last lines of instances, once or for as long as somebody reads. The port only knows
// "the last n lines", so following means looking again and telling what is new.
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/event_hub.h"
#include "daemon/lookout.h"

namespace slipway::daemon {

struct LogQuery {
  ports::AppRef app;
  std::string service;  // empty: all
  std::string release;  // never empty
  int lines = 100;
};

// What of `now` came after `before`; both are the newest lines of the same log.
std::vector<std::string> new_lines(const std::vector<std::string>& before,
                                   const std::vector<std::string>& now);

class LogTail {
 public:
  LogTail(House& house, Lookout& lookout) : house_(house), lookout_(lookout) {}
  ~LogTail() { close(); }

  Result<std::vector<std::string>> lines(const LogQuery& query);
  // Refused when too many follow already.
  Result<void> follow(LogQuery query, std::shared_ptr<EventSink> sink);
  void start();
  void close();

 private:
  struct Follower {
    LogQuery query;
    std::shared_ptr<EventSink> sink;
    std::vector<std::vector<std::string>> seen;  // per slot
  };
  Result<std::vector<std::vector<std::string>>> by_slot(const LogQuery& query);
  bool feed(Follower& follower);
  void work();

  House& house_;
  Lookout& lookout_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Follower> arrived_;  // guarded by mutex_; taken over by the thread
  int following_ = 0;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace slipway::daemon

#pragma once
// Being told to stop (Ctrl-C, the daemon's word): a rest ends early, and the statement that runs is
// given up. Thread-safe.
#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "database/postgres/connection.h"

namespace slipway::database::migrations {

class Stop {
 public:
  // May be called again: a statement that began just then is given up by the next call.
  void request();
  bool is_requested() const;
  // False when stop is asked for, before or meanwhile.
  bool rest(Millis time);

  // While it lives, request() gives up what this connection does.
  class Under {
   public:
    Under(Stop& stop, const postgres::Connection& connection);
    ~Under();
    Under(const Under&) = delete;
    Under& operator=(const Under&) = delete;

   private:
    Stop& stop_;
    std::optional<postgres::Canceller> before_;
  };

 private:
  mutable std::mutex lock_;
  std::condition_variable asked_;
  bool is_requested_ = false;
  std::optional<postgres::Canceller> current_;
};

}  // namespace slipway::database::migrations

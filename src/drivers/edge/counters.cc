#include <condition_variable>
#include <mutex>
#include <thread>

#include "drivers/edge/control.h"
#include "drivers/edge/drivers.h"
#include "drivers/edge/tally.h"
#include "io/clock.h"

namespace slipway::drivers::edge {
namespace {
// Who judges asks often, and decides within a tenth of a second: then the stream is too slow.
constexpr std::int64_t kFreshUs = 40'000;
constexpr Millis kReconnectAfter{200};
// Further back than this, and the edge's clock was set.
constexpr std::int64_t kMostOvertakenMs = 10'000;
constexpr char kStream[] = "/v1/stats/stream?every_ms=250";

class EdgeCounters final : public ports::Counters {
 public:
  explicit EdgeCounters(const std::string& socket_path) : control_(socket_path) {}
  ~EdgeCounters() override {
    {
      const std::lock_guard hold(mutex_);
      closing_ = true;
    }
    closed_.notify_all();
    if (follower_.joinable()) follower_.join();
  }

  Result<ports::Counts> read(const ports::AppRef& app, const std::string& release) override {
    {
      const std::lock_guard hold(mutex_);
      if (!follower_.joinable()) follower_ = std::thread([this] { follow(); });
      if (io::monotonic_us() - taken_us_ < kFreshUs && taken_us_ != 0)
        return tally_.counts(app, release);
    }
    const Json document = TRY(control_.get("/v1/stats"));
    take(document);
    const std::lock_guard hold(mutex_);
    return tally_.counts(app, release);
  }

 private:
  // False: the object is going away.
  bool take(const Json& document) {
    const std::lock_guard hold(mutex_);
    // What was asked for and what is pushed travel on two connections: the older of two documents
    // may come last, and counters that seem to fall would be taken for those of a new edge.
    const std::int64_t at_ms = document.integer("at_ms");
    const bool overtaken = at_ms < last_at_ms_ && last_at_ms_ - at_ms < kMostOvertakenMs;
    taken_us_ = io::monotonic_us();
    if (overtaken) return !closing_;
    last_at_ms_ = at_ms;
    tally_.take(document);
    return !closing_;
  }

  // The connection ends with the edge; the next one is made by path and so reaches its successor.
  void follow() {
    std::unique_lock hold(mutex_);
    while (!closing_) {
      hold.unlock();
      // An edge that cannot be reached is told by read(), which asks it directly.
      static_cast<void>(
          control_.follow(kStream, [this](const Json& document) { return take(document); }));
      hold.lock();
      closed_.wait_for(hold, kReconnectAfter, [this] { return closing_; });
    }
  }

  Control control_;
  std::mutex mutex_;
  std::condition_variable closed_;
  bool closing_ = false;
  std::int64_t taken_us_ = 0;
  std::int64_t last_at_ms_ = 0;  // of the document taken last, by the edge's clock
  Tally tally_;
  std::thread follower_;
};
}  // namespace

std::unique_ptr<ports::Counters> make_counters(const std::string& socket_path) {
  return std::make_unique<EdgeCounters>(socket_path);
}

}  // namespace slipway::drivers::edge

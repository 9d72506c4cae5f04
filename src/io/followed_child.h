#pragma once
// A child process followed from a thread of its own: what it says, as it comes, and its end. Asked
// to stop it gets SIGTERM, and after `patience` its whole group SIGKILL. It does not outlive its
// FollowedChild, nor the process that began it.
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "io/child.h"
#include "io/clock.h"

namespace slipway::io {

struct ChildEnd {
  Result<Exit> exit;  // an error: it could not begin, or not be killed
  enum class Why { ByItself, WasAsked, TookTooLong } why = Why::ByItself;
};

// Everything here is called on the child's thread.
struct Following {
  // What runs. stdout and stderr become one stream, stdin with `hears` the other end of tell().
  std::function<Result<ChildSpec>()> spec;
  std::function<void(std::string_view)> on_bytes;
  std::function<void(const ChildEnd&)> on_end;  // the last call
  Millis patience{5'000};                       // between being asked to stop and being killed
  Millis most_time{0};                          // 0: as long as it takes
  bool hears = false;
};

class FollowedChild {
 public:
  explicit FollowedChild(Following following);
  ~FollowedChild();  // stops it and waits for its end
  FollowedChild(const FollowedChild&) = delete;
  FollowedChild& operator=(const FollowedChild&) = delete;

  // Does not wait. From any thread; once it has ended this does nothing.
  void stop();
  // For its stdin. One that does not read gets no more: nobody waits for it.
  void tell(std::string_view bytes);

 private:
  void run();
  Result<Exit> follow();
  void begun(const Child& child, Fd ear);
  void read_all(const Child& child, int from);
  Result<Exit> reap(const Child& child);
  void keep_time();
  void ask_to_stop(ChildEnd::Why why);

  const Following following_;
  SystemClock clock_;
  std::mutex mutex_;
  pid_t pid_ = 0;  // 0: not begun, or reaped
  Fd ear_;         // where it reads what it is told
  ChildEnd::Why stopped_ = ChildEnd::Why::ByItself;
  Millis give_up_at_{0};
  Millis kill_at_{0};
  std::thread thread_;  // the last: it uses all of the above
};

}  // namespace slipway::io

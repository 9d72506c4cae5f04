#pragma once
// EventHub: hands the records of running releases to whoever follows them. What is old comes from
// the journal, what is new from the release's thread; each follower sees every record once, in
// order.
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace slipway::daemon {

// One reader of an event stream. Any thread may call it.
class EventSink {
 public:
  virtual ~EventSink() = default;
  // false: the reader is gone, or so slow that it was let go; it gets nothing more.
  virtual bool send(std::string_view text) = 0;
  virtual void close() = 0;
};

// One server-sent event; id 0: none.
std::string event_text(std::string_view name, std::int64_t id, std::string_view one_line);

class EventHub {
 public:
  static constexpr std::size_t kMostFollowers = 256;  // of one release

  struct Past {
    std::vector<std::pair<std::int64_t, std::string>> records;  // seq, event text; rising
    std::string end;  // event text when the release has ended; else empty
  };
  // past(after): everything durable after that sequence number. It is called with the release's
  // channel locked, so that no live record can slip in between.
  Result<void> follow(const std::string& release, std::int64_t after,
                      std::shared_ptr<EventSink> sink,
                      const std::function<Result<Past>(std::int64_t after)>& past);

  void record(const std::string& release, std::int64_t seq, const std::string& text);
  void progress(const std::string& release, const std::string& text);
  // Tells the end and closes every follower.
  void end(const std::string& release, const std::string& text);
  // A comment to every follower, so that a reader that has gone is noticed.
  void alive();
  // Closes every follower without an end: the releases go on in the next daemon.
  void close();

 private:
  struct Follower {
    std::shared_ptr<EventSink> sink;
    std::int64_t last = 0;
  };
  struct Channel {
    std::mutex mutex;
    std::vector<Follower> followers;
  };
  std::shared_ptr<Channel> channel(const std::string& release);
  std::vector<std::shared_ptr<Channel>> all();
  static void send(Channel& channel, std::int64_t seq, const std::string& text);

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Channel>> channels_;
};

}  // namespace slipway::daemon

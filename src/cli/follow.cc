#include "cli/follow.h"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "cli/target.h"
#include "cli/timeline.h"
#include "io/event_loop.h"
#include "io/signals.h"

namespace slipway::cli {
namespace {
constexpr Millis kGiveUpAfter{30'000};
constexpr Millis kTryAgain{200};
constexpr Millis kRedraw{125};
constexpr Millis kAskEvery{2'000};

// What the reading threads share with the drawing one. They may outlive it (a read cannot be
// broken off), so everything they touch is in here.
class Feed {
 public:
  Feed(Link link, std::string release, std::unique_ptr<io::EventLoop> loop)
      : release_(std::move(release)), link_(std::move(link)), loop_(std::move(loop)) {}

  io::EventLoop& loop() { return *loop_; }
  const Link& link() const { return link_; }
  const std::string& release() const { return release_; }

  bool is_closed() const { return closed_; }
  void close() {
    closed_ = true;
    changed_.notify_all();
  }
  // False: closed meanwhile.
  bool wait(Millis time) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, time, [&] { return closed_.load(); });
    return !closed_;
  }
  void tell(io::EventLoop::Task task) {
    while (!closed_ && !loop_->post(task)) wait(kTryAgain);
  }

 private:
  std::string release_;
  Link link_;
  std::unique_ptr<io::EventLoop> loop_;
  std::atomic<bool> closed_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
};

class Follower {
 public:
  Follower(const Session& session, std::shared_ptr<Feed> feed, Timeline timeline, Until until)
      : session_(session), feed_(std::move(feed)), timeline_(std::move(timeline)), until_(until) {}

  int run(const Json& row);

  // On the loop's thread.
  void on_event(const Link::Event& event);
  void on_lost(const Error& why);
  void on_back();
  void on_failed(const Error& why, const Json& details);
  void on_estimate(std::int64_t left_ms);

 private:
  void on_signal();
  void tick();
  void draw();
  void show(const std::string& line);
  void finish(int status);

  const Session& session_;
  std::shared_ptr<Feed> feed_;
  Timeline timeline_;
  Until until_;
  int status_ = 0;
  bool finished_ = false;
  int drawn_ = 0;  // lines of the picture on the screen
  std::string trouble_;
};

// Reads the stream, again and again, until it has told the end.
void read_stream(const std::shared_ptr<Feed>& feed, Follower& follower) {
  Link link = feed->link();
  const std::string target = "/v1/releases/" + feed->release() + "/events";
  std::int64_t last = 0;
  bool has_ended = false;
  Millis lost_since{-1};
  while (!feed->is_closed()) {
    const auto read = link.follow(target, last, [&](const Link::Event& event) {
      last = std::max(last, event.id);
      has_ended = event.name == "ended";
      if (std::exchange(lost_since, Millis(-1)) >= Millis(0))
        feed->tell([&follower] { follower.on_back(); });
      feed->tell([&follower, event] { follower.on_event(event); });
      return !has_ended && !feed->is_closed();
    });
    if (has_ended || feed->is_closed()) return;
    const Millis now = feed->loop().now();
    const Error why =
        read ? Error(Code::ConnectionLost, "the daemon ended the stream") : read.error();
    const bool is_answer = !read && !link.refusal().is_null();
    const bool is_over = lost_since >= Millis(0) && now - lost_since > kGiveUpAfter;
    if (is_answer || is_over || why.code == Code::DaemonVersion) {
      feed->tell([&follower, why, details = link.refusal()] { follower.on_failed(why, details); });
      return;
    }
    if (read || lost_since < Millis(0)) lost_since = now;
    feed->tell([&follower, why] { follower.on_lost(why); });
    if (!feed->wait(kTryAgain)) return;
  }
}

// Asks how much time is left; only for a terminal.
void read_estimate(const std::shared_ptr<Feed>& feed, const std::string& target,
                   Follower& follower) {
  Link link = feed->link();
  while (!feed->is_closed()) {
    const auto status = link.get(target);
    if (status) {
      for (const auto& one : status->at("environments").items()) {
        const Json& running = one.at("running");
        if (running.text("release") != feed->release()) continue;
        feed->tell(
            [&follower, left = running.integer("left_ms", -1)] { follower.on_estimate(left); });
      }
    }
    if (!feed->wait(kAskEvery)) return;
  }
}

int Follower::run(const Json& row) {
  const auto signals =
      io::SignalSource::make(feed_->loop(), {SIGINT, SIGTERM}, [this](int) { on_signal(); });
  if (!signals) return session_.fail(signals.error());
  std::thread reader([feed = feed_, this] { read_stream(feed, *this); });
  std::thread asker;
  if (session_.is_live()) {
    const std::string target =
        "/v1/status?" + target_path({row.text("app"), row.text("environment")});
    asker = std::thread([feed = feed_, target, this] { read_estimate(feed, target, *this); });
    tick();
  }
  feed_->loop().run();
  feed_->close();
  // After Ctrl-C a read may still wait for bytes: the process ends without it.
  if (status_ == kLetGo) {
    reader.detach();
    if (asker.joinable()) asker.detach();
    return status_;
  }
  reader.join();
  if (asker.joinable()) asker.join();
  return status_;
}

void Follower::finish(int status) {
  if (std::exchange(finished_, true)) return;
  status_ = status;
  feed_->close();
  feed_->loop().stop();
}

void Follower::on_event(const Link::Event& event) {
  if (finished_) return;
  const auto body = Json::parse(event.text);
  if (!body) return;
  std::string line;
  if (event.name == "record") line = timeline_.take_record(*body);
  if (event.name == "progress") line = timeline_.take_progress(*body);
  if (event.name == "ended") line = timeline_.take_end(*body);
  if (session_.wants_json()) {
    Json tagged = Json::object().set("type", event.name);
    for (const auto& [key, value] : body->members()) tagged.set(key, value);
    line = tagged.dump();
  }
  show(line);
  if (timeline_.has_ended()) return finish(timeline_.exit_code());
  if (until_ != Until::Promoted || !timeline_.is_promoted()) return;
  session_.note(timeline_.release() + " is promoted: all traffic is on it; what is left goes on");
  finish(0);
}

void Follower::show(const std::string& line) {
  if (session_.is_live()) return draw();
  const bool is_end = timeline_.has_ended();
  if (!line.empty() && (!session_.is_quiet() || session_.wants_json() || is_end))
    session_.say(line);
}

void Follower::draw() {
  const bool has_color = session_.has_color();
  std::string picture =
      timeline_.screen(session_.now_ms(), session_.width() - 1, session_.height(), has_color);
  if (!trouble_.empty()) picture += "  " + trouble_ + "\n";
  const std::string up = drawn_ > 0 ? fmt::format("\x1b[{}A\r\x1b[J", drawn_) : "";
  drawn_ = static_cast<int>(std::count(picture.begin(), picture.end(), '\n'));
  session_.print(up + picture);
}

void Follower::tick() {
  if (finished_) return;
  draw();
  feed_->loop().after(kRedraw, [this] { tick(); });
}

void Follower::on_lost(const Error& why) {
  if (finished_ || !trouble_.empty()) return;
  trouble_ =
      fmt::format("the daemon is gone ({}); the release goes on when one is back, trying for {}s",
                  why.what, kGiveUpAfter.count() / 1000);
  if (session_.is_live()) return draw();
  session_.note("slipway: " + trouble_);
}

void Follower::on_back() {
  if (finished_ || trouble_.empty()) return;
  trouble_.clear();
  if (!session_.is_live()) session_.note("slipway: the daemon is back");
}

void Follower::on_failed(const Error& why, const Json& details) {
  if (finished_) return;
  finish(session_.fail(why, details));
  session_.note("the release is not lost: slipway history " + timeline_.release());
}

void Follower::on_estimate(std::int64_t left_ms) {
  timeline_.take_estimate(left_ms, session_.now_ms());
}

void Follower::on_signal() {
  if (finished_) return;
  session_.note(
      fmt::format("\nslipway: let go of {}, which goes on. Look: slipway status --watch; take it "
                  "back: slipway abort {}",
                  timeline_.release(), timeline_.environment()));
  finish(kLetGo);
}
}  // namespace

int follow_release(const Session& session, Link& link, const std::string& release, Until until) {
  const auto full = link.get("/v1/releases/" + release);
  if (!full) return fail(session, link, full.error());
  auto loop = io::EventLoop::make();
  if (!loop) return session.fail(loop.error());
  auto feed = std::make_shared<Feed>(link, release, std::move(loop).value());
  auto follower = std::make_unique<Follower>(session, feed, Timeline(*full), until);
  const int status = follower->run(full->at("release"));
  // A thread that was left behind still names it: it lives until the process ends.
  if (status == kLetGo) follower.release();
  return status;
}

}  // namespace slipway::cli

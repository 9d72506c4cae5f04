#include "drivers/errands/errands.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/text.h"
#include "base/units.h"
#include "io/child.h"
#include "io/clock.h"
#include "io/environment.h"

namespace slipway::drivers::errands {
namespace {
using State = ports::ErrandView::State;

constexpr std::size_t kMostSaid = 4 * 1024 * 1024;
constexpr std::size_t kLongestText = 500;
constexpr int kLookEvery = 200;  // milliseconds
constexpr const char* kUrl = "SLIPWAY_DATABASE_URL";

// What a child says: documents, one in a line, or one alone over several.
class Heard {
 public:
  void hear(std::string_view bytes) {
    said_ += bytes;
    if (said_.size() > kMostSaid) said_.erase(0, said_.size() - kMostSaid);
  }
  void understand() {
    if (const auto whole = Json::parse(trim(said_)); whole && whole->is_object())
      return document(*whole);
    for (const auto line : split(said_, '\n')) {
      const auto json = Json::parse(line);
      if (json && json->is_object())
        document(*json);
      else if (!trim(line).empty())
        text = std::string(trim(line)).substr(0, kLongestText);
    }
  }
  Json answer;
  std::string error;  // what the child calls one
  std::string code;
  std::string text;  // the last line that is no document

 private:
  void document(const Json& json) {
    const Json& why = json.at("error");
    if (!why.is_object()) {
      answer = json;
      return;
    }
    error = why.text("what");
    code = why.text("code");
    if (!why.text("next").empty()) error += ". Next: " + why.text("next");
  }
  std::string said_;
};

class Run {
 public:
  Run(const Settings& settings, ports::Errand errand)
      : settings_(settings), errand_(std::move(errand)) {
    view_.state = State::Running;
    thread_ = std::thread([this] { run(); });
  }
  ~Run() {
    stop();
    thread_.join();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  ports::ErrandView view() const {
    const std::lock_guard hold(mutex_);
    return view_;
  }
  ports::ErrandView wait(Millis at_most) {
    std::unique_lock hold(mutex_);
    ended_.wait_for(hold, at_most, [this] { return view_.state != State::Running; });
    return view_;
  }
  void stop() {
    const std::lock_guard hold(mutex_);
    ask_to_stop("it was asked to stop");
  }

 private:
  void run() {
    const auto ended = follow();
    const std::lock_guard hold(mutex_);
    settle(ended);
    ended_.notify_all();
  }

  void settle(const Result<io::Exit>& ended) {
    heard_.understand();
    view_.answer = std::move(heard_.answer);
    const bool is_done = ended && ended->succeeded() && heard_.error.empty() && stopped_.empty();
    view_.state = is_done ? State::Done : State::Failed;
    if (is_done) return;
    if (!ended) {
      view_.text = ended.error().sentence();
    } else if (!stopped_.empty()) {
      view_.text = stopped_;
    } else if (!heard_.error.empty()) {
      view_.text = heard_.error;
      view_.code = heard_.code;
    } else {
      view_.text = "slipway " + join(errand_.words, " ") + " ended with " + ended->text() +
                   (heard_.text.empty() ? "" : ": " + heard_.text);
    }
  }

  Result<io::ChildSpec> spec_of(int out) {
    const auto& secret = errand_.database.secret;
    const std::string url = secret.name.empty() ? errand_.database.url
                                                : TRY(settings_.read_secret(secret, errand_.dir));
    io::ChildSpec spec;
    spec.argv = errand_.words;
    spec.argv.insert(spec.argv.begin(), settings_.program);
    for (const char* word : {"--json", "--quiet"}) spec.argv.emplace_back(word);
    if (!settings_.state.empty()) {
      spec.argv.emplace_back("--state");
      spec.argv.push_back(settings_.state);
    }
    if (errand_.by_url)
      for (const char* word : {"--url", "env:SLIPWAY_DATABASE_URL"}) spec.argv.emplace_back(word);
    spec.dir = errand_.dir;
    spec.environment = io::own_environment();
    spec.environment.push_back(std::string(kUrl) + "=" + std::string(trim(url)));
    spec.out = spec.err = out;
    spec.parent_death_signal = SIGTERM;
    return spec;
  }

  Result<io::Exit> follow() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return from_errno(errno, "making a pipe");
    const io::Fd from(ends[0]);
    io::Fd to(ends[1]);
    auto child = TRY(io::spawn(TRY(spec_of(to.get()))));
    to.reset();
    {
      const std::lock_guard hold(mutex_);
      pid_ = child.pid;
      give_up_at_ = clock_.monotonic() + errand_.most_time;
      if (!stopped_.empty()) ::kill(pid_, SIGTERM);
    }
    read_all(from.get());
    return reap(child);
  }

  // Reaped under the lock: from then on its number may be another one's, whom nobody must signal.
  Result<io::Exit> reap(const io::Child& child) {
    pollfd gone{child.pidfd.get(), POLLIN, 0};
    while (::poll(&gone, 1, kLookEvery) == 0) keep_time();
    const std::lock_guard hold(mutex_);
    pid_ = 0;
    return io::wait_for(child, settings_.patience);
  }

  void read_all(int from) {
    std::array<char, 16 * 1024> bytes{};
    for (;;) {
      pollfd readable{from, POLLIN, 0};
      if (::poll(&readable, 1, kLookEvery) == 0) {
        keep_time();
        continue;
      }
      const ssize_t count = ::read(from, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return;
      heard_.hear({bytes.data(), static_cast<std::size_t>(count)});
    }
  }

  void keep_time() {
    const std::lock_guard hold(mutex_);
    const Millis now = clock_.monotonic();
    if (stopped_.empty() && now >= give_up_at_)
      ask_to_stop("it took longer than " + to_text(errand_.most_time));
    if (!stopped_.empty() && pid_ > 0 && now >= kill_at_) ::kill(-pid_, SIGKILL);
  }

  // With the lock held.
  void ask_to_stop(const std::string& why) {
    if (!stopped_.empty() || view_.state != State::Running) return;
    stopped_ = why;
    kill_at_ = clock_.monotonic() + settings_.patience;
    if (pid_ > 0) ::kill(pid_, SIGTERM);
  }

  const Settings& settings_;
  const ports::Errand errand_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  ports::ErrandView view_;
  Heard heard_;          // the thread's own
  pid_t pid_ = 0;        // 0: not begun, or reaped
  std::string stopped_;  // why; empty: it was not
  Millis give_up_at_{0};
  Millis kill_at_{0};
  io::SystemClock clock_;
  std::thread thread_;
};

class Children final : public ports::Errands {
 public:
  explicit Children(Settings settings) : settings_(std::move(settings)) {}

  void begin(const std::string& key, const ports::Errand& errand) override {
    const std::lock_guard hold(mutex_);
    auto& run = runs_[key];
    if (run && run->view().state == State::Running) return;
    run = std::make_shared<Run>(settings_, errand);
  }
  ports::ErrandView look(const std::string& key) override {
    const auto run = named(key);
    return run ? run->view() : ports::ErrandView();
  }
  ports::ErrandView wait(const std::string& key, Millis at_most) override {
    const auto run = named(key);
    return run ? run->wait(at_most) : ports::ErrandView();
  }
  void stop(const std::string& key) override {
    if (const auto run = named(key)) run->stop();
  }

 private:
  std::shared_ptr<Run> named(const std::string& key) {
    const std::lock_guard hold(mutex_);
    const auto found = runs_.find(key);
    return found == runs_.end() ? nullptr : found->second;
  }

  Settings settings_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Run>> runs_;
};
}  // namespace

std::unique_ptr<ports::Errands> make_errands(Settings settings) {
  return std::make_unique<Children>(std::move(settings));
}

}  // namespace slipway::drivers::errands

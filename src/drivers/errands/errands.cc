#include "drivers/errands/errands.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

#include "base/text.h"
#include "base/units.h"
#include "io/environment.h"
#include "io/followed_child.h"

namespace slipway::drivers::errands {
namespace {
using State = ports::ErrandView::State;

constexpr std::size_t kMostSaid = 4 * 1024 * 1024;
constexpr std::size_t kLongestText = 500;
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
    child_.emplace(following());
  }

  ports::ErrandView view() const {
    const std::lock_guard hold(mutex_);
    return view_;
  }
  ports::ErrandView wait(Millis at_most) {
    std::unique_lock hold(mutex_);
    ended_.wait_for(hold, at_most, [this] { return view_.state != State::Running; });
    return view_;
  }
  void stop() { child_->stop(); }

 private:
  io::Following following() {
    io::Following out;
    out.spec = [this] { return spec(); };
    out.on_bytes = [this](std::string_view bytes) { heard_.hear(bytes); };
    out.on_end = [this](const io::ChildEnd& end) {
      const std::lock_guard hold(mutex_);
      settle(end);
      ended_.notify_all();
    };
    out.patience = settings_.patience;
    out.most_time = errand_.most_time;
    return out;
  }

  void settle(const io::ChildEnd& end) {
    heard_.understand();
    view_.answer = std::move(heard_.answer);
    const bool is_done = end.exit && end.exit->succeeded() && heard_.error.empty() &&
                         end.why == io::ChildEnd::Why::ByItself;
    view_.state = is_done ? State::Done : State::Failed;
    if (is_done) return;
    if (!end.exit) {
      view_.text = end.exit.error().sentence();
    } else if (end.why == io::ChildEnd::Why::TookTooLong) {
      view_.text = "it took longer than " + to_text(errand_.most_time);
    } else if (end.why == io::ChildEnd::Why::WasAsked) {
      view_.text = "it was asked to stop";
    } else if (!heard_.error.empty()) {
      view_.text = heard_.error;
      view_.code = heard_.code;
    } else {
      view_.text = "slipway " + join(errand_.words, " ") + " ended with " + end.exit->text() +
                   (heard_.text.empty() ? "" : ": " + heard_.text);
    }
  }

  Result<io::ChildSpec> spec() const {
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
    return spec;
  }

  const Settings& settings_;
  const ports::Errand errand_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  ports::ErrandView view_;
  Heard heard_;  // the child's thread's own
  // The last: what it says comes in here until it is gone.
  std::optional<io::FollowedChild> child_;
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

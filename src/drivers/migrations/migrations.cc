#include "drivers/migrations/migrations.h"

#include <map>
#include <mutex>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "base/units.h"
#include "io/environment.h"
#include "io/files.h"
#include "io/followed_child.h"

namespace slipway::drivers::migrations {
namespace {
using State = ports::MigrationView::State;

constexpr std::size_t kLongestLine = 64 * 1024;
constexpr const char* kUrl = "SLIPWAY_DATABASE_URL";
constexpr const char* kBackup = "SLIPWAY_BACKUP";

// What the child has said so far.
struct Heard {
  ports::MigrationView view;
  std::string rest;  // of a line that has not ended
  bool has_ended = false;
  bool has_failed = false;
};

void hear_line(Heard& heard, std::string_view line) {
  const auto json = Json::parse(line);
  if (!json || !json->is_object()) {
    heard.view.text = std::string(trim(line)).substr(0, 500);
    return;
  }
  if (const Json& error = json->at("error"); error.is_object()) {
    heard.view.text = error.text("what");
    if (!error.text("next").empty()) heard.view.text += ". Next: " + error.text("next");
    heard.has_failed = true;
  } else if (json->text("event") == "done") {
    heard.view.applied = json->strings("applied");
    heard.view.waiting = json->strings("waiting");
    heard.view.blocked = json->strings("blocked");
    heard.view.restore_point = json->at("restore_point").text("name");
    if (!json->text("what").empty()) heard.view.text = json->text("what");
    heard.has_ended = true;
  } else {
    heard.view.text = json->text("what");
  }
}

void hear(Heard& heard, std::string_view bytes) {
  heard.rest += bytes;
  for (auto end = heard.rest.find('\n'); end != std::string::npos; end = heard.rest.find('\n')) {
    hear_line(heard, std::string_view(heard.rest).substr(0, end));
    heard.rest.erase(0, end + 1);
  }
  if (heard.rest.size() > kLongestLine) heard.rest.clear();
}

// What the child needs to make a restore point; a secret goes as its reference.
std::string safety_words(const ports::MigrationCall& call) {
  return Json::object()
      .set("app", call.app)
      .set("release", call.release)
      .set("database", to_json(call.database))
      .dump();
}

std::vector<std::string> words_of_check(const Settings& settings_of_driver,
                                        const ports::MigrationCall& call) {
  const auto& settings = call.database.migrations;
  std::vector<std::string> out = {
      settings_of_driver.program,
      "migrate",
      "check",
      call.environment,
      "--json",
      "--url",
      std::string("env:") + kUrl,
      "--path",
      settings.path.starts_with('/') ? settings.path : io::join_path(call.dir, settings.path),
      "--phase",
      settings.contract == config::ContractTime::Manual ? "data" : "contract"};
  if (settings.tool != "auto") out.insert(out.end(), {"--tool", settings.tool});
  if (settings.rehearse == config::Rehearse::Require) out.emplace_back("--require");
  if (!settings.command.empty()) out.insert(out.end(), {"--command", settings.command});
  if (settings.rehearse_on == "backup") out.insert(out.end(), {"--on", "backup"});
  if (settings.rehearse_on == "backup" && call.database.backup.is_set)
    out.insert(out.end(),
               {"--backup", std::string("env:") + kBackup, "--state", settings_of_driver.state});
  return out;
}

std::vector<std::string> words_of(const Settings& settings_of_driver,
                                  const ports::MigrationCall& call) {
  const std::string& program = settings_of_driver.program;
  if (call.phase == "rehearse") return words_of_check(settings_of_driver, call);
  const auto& settings = call.database.migrations;
  std::vector<std::string> out = {
      program,
      "migrate",
      "up",
      call.environment,
      "--json",
      "--url",
      std::string("env:") + kUrl,
      "--path",
      settings.path.starts_with('/') ? settings.path : io::join_path(call.dir, settings.path),
      "--phase",
      call.phase,
      "--wait",
      to_text(settings.wait),
      "--lock-timeout",
      to_text(settings.lock_timeout),
      "--max-lag",
      to_text(settings.max_lag),
      "--max-latency",
      to_text(settings.max_latency),
      "--pulse",
      "stdin"};
  const auto add = [&](const char* option, const std::string& value) {
    if (value.empty()) return;
    out.emplace_back(option);
    out.push_back(value);
  };
  add("--to", call.last);
  if (call.database.backup.is_set) {
    add("--backup", std::string("env:") + kBackup);
    add("--state", settings_of_driver.state);
  }
  add("--tool", settings.tool == "auto" ? "" : settings.tool);
  add("--command", settings.command);
  return out;
}

// One child and what it says.
class Run {
 public:
  Run(const Settings& settings, ports::MigrationCall call)
      : settings_(settings), call_(std::move(call)) {
    heard_.view.state = State::Running;
    heard_.view.text = "begins";
    child_.emplace(following());
  }

  ports::MigrationView view() const {
    const std::lock_guard hold(mutex_);
    return heard_.view;
  }
  void stop() { child_->stop(); }
  void tell(const ports::Pulse& pulse) {
    child_->tell(Json::object()
                     .set("requests", static_cast<std::int64_t>(pulse.requests))
                     .set("p95_ms", static_cast<std::int64_t>(pulse.p95.count()))
                     .set("p99_ms", static_cast<std::int64_t>(pulse.p99.count()))
                     .dump() +
                 "\n");
  }

 private:
  io::Following following() {
    io::Following out;
    out.spec = [this] { return spec(); };
    out.on_bytes = [this](std::string_view bytes) {
      const std::lock_guard hold(mutex_);
      hear(heard_, bytes);
    };
    out.on_end = [this](const io::ChildEnd& end) {
      const std::lock_guard hold(mutex_);
      settle(end.exit);
    };
    out.patience = settings_.patience;
    out.hears = true;
    return out;
  }

  void settle(const Result<io::Exit>& ended) {
    auto& view = heard_.view;
    view.state = ended && ended->succeeded() && heard_.has_ended ? State::Done : State::Failed;
    if (view.state == State::Done) return;
    if (!ended) {
      view.text = ended.error().sentence();
    } else if (!heard_.has_failed) {
      view.text = "slipway migrate ended with " + ended->text() + ": " + view.text;
    }
  }

  Result<io::ChildSpec> spec() const {
    const std::string url = call_.database.secret.name.empty()
                                ? call_.database.url
                                : TRY(settings_.read_secret(call_.database.secret, call_.dir));
    io::ChildSpec spec;
    spec.argv = words_of(settings_, call_);
    spec.dir = call_.dir;
    spec.environment = io::own_environment();
    spec.environment.push_back(std::string(kUrl) + "=" + std::string(trim(url)));
    if (call_.database.backup.is_set)
      spec.environment.push_back(std::string(kBackup) + "=" + safety_words(call_));
    return spec;
  }

  const Settings& settings_;
  const ports::MigrationCall call_;
  mutable std::mutex mutex_;
  Heard heard_;
  // The last: what it says comes in here until it is gone.
  std::optional<io::FollowedChild> child_;
};

class Children final : public ports::Migrations {
 public:
  explicit Children(Settings settings) : settings_(std::move(settings)) {}

  void begin(const std::string& key, const ports::MigrationCall& call) override {
    auto& run = runs_[key];
    if (!run) run = std::make_unique<Run>(settings_, call);
  }
  ports::MigrationView look(const std::string& key) override {
    const auto found = runs_.find(key);
    return found == runs_.end() ? ports::MigrationView() : found->second->view();
  }
  void tell(const std::string& key, const ports::Pulse& pulse) override {
    const auto found = runs_.find(key);
    if (found != runs_.end()) found->second->tell(pulse);
  }
  void stop(const std::string& key) override {
    const auto found = runs_.find(key);
    if (found != runs_.end()) found->second->stop();
  }

 private:
  Settings settings_;
  std::map<std::string, std::unique_ptr<Run>> runs_;
};
}  // namespace

std::unique_ptr<ports::Migrations> make_migrations(Settings settings) {
  return std::make_unique<Children>(std::move(settings));
}

}  // namespace slipway::drivers::migrations

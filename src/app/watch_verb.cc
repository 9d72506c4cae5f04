// slipway db watch.
#include <signal.h>

#include <optional>

#include "app/database_url.h"
#include "app/verbs.h"
#include "database/watch/heartbeat.h"
#include "database/watch/look.h"
#include "database/watch/words.h"
#include "io/signals.h"

namespace slipway::app {
namespace {
namespace watch = database::watch;

constexpr int kPipeWidth = 160;
constexpr Millis kLeastInterval{100};

// A page of its own, so that what was on the terminal before is there again afterwards.
class Screen {
 public:
  explicit Screen(const cli::Session& session) : session_(session) {
    session_.print("\x1b[?1049h\x1b[?25l");
  }
  ~Screen() { session_.print("\x1b[?25h\x1b[?1049l"); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  void draw(const std::string& page) {
    std::string out = "\x1b[H";
    int rows = 0;
    for (std::size_t at = 0; at < page.size() && ++rows < session_.height();) {
      const auto end = page.find('\n', at);
      out += page.substr(at, end - at) + "\x1b[K\n";
      at = end == std::string::npos ? page.size() : end + 1;
    }
    session_.print(out + "\x1b[J");
    std::fflush(session_.around().out);
  }

 private:
  const cli::Session& session_;
};

// Waits that long; true when somebody asked to end.
bool is_asked_to_end(Millis within) {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&wanted, signal);
  const timespec time{within.count() / 1000, within.count() % 1000 * 1'000'000};
  return ::sigtimedwait(&wanted, nullptr, &time) > 0;
}

// Looks again and again, over one connection as long as it holds.
class Looker {
 public:
  enum class Beats { No, Yes };
  Looker(std::string url, Beats beats) : url_(std::move(url)), beats_(beats) {}
  Result<watch::Sight> look() {
    if (!connection_ || !connection_->is_alive()) connection_ = TRY(watch::connect(url_));
    auto seen = watch::look(*connection_);
    if (!seen) connection_.reset();
    if (!seen || beats_ == Beats::No || !seen->archive.is_on || seen->is_replica) return seen;
    // A role that may not write measures no loss; the database is well all the same.
    if (const auto lost = watch::beat(*connection_, seen->archive.newest))
      seen->lost_seconds = *lost;
    return seen;
  }

 private:
  std::string url_;
  Beats beats_;
  std::unique_ptr<database::postgres::Connection> connection_;
};

std::string page_of(const Result<watch::Sight>& seen, const std::optional<watch::Sight>& before,
                    int width) {
  if (!seen) return "down: " + seen.error().sentence() + "\n";
  return watch::in_words(*seen, before ? &*before : nullptr, width);
}

void show(const cli::Session& session, const Result<watch::Sight>& seen,
          const std::optional<watch::Sight>& before) {
  if (session.wants_json()) {
    Json line = seen ? watch::to_json(*seen) : Json::object();
    if (!seen)
      line.set("error", Json::object()
                            .set("code", facts_of(seen.error().code).name)
                            .set("what", seen.error().what)
                            .set("next", seen.error().next));
    session.print(line.dump() + "\n");
  } else {
    session.print(page_of(seen, before, kPipeWidth) + "\n");
  }
  std::fflush(session.around().out);
}

int watch_on(const cli::Session& session, Looker& looker, Millis interval) {
  io::block_signals({SIGINT, SIGTERM, SIGHUP});
  std::optional<Screen> screen;
  if (session.is_live()) screen.emplace(session);
  std::optional<watch::Sight> before;
  do {
    const auto seen = looker.look();
    if (screen) {
      screen->draw(page_of(seen, before, session.width()));
    } else {
      show(session, seen, before);
    }
    before = seen ? std::optional(*seen) : std::nullopt;
  } while (!is_asked_to_end(interval));
  return 0;
}
}  // namespace

int run_db_watch(cli::Session& session) {
  const auto interval = session.given().duration("--interval");
  if (!interval) return session.fail(interval.error());
  Json details;
  const auto url = database_url(session, details);
  if (!url) return session.fail(url.error(), details);
  Looker looker(*url, session.given().has("--heartbeat") ? Looker::Beats::Yes : Looker::Beats::No);
  if (!session.given().has("--once"))
    return watch_on(session, looker, std::max(*interval, kLeastInterval));
  const auto seen = looker.look();
  if (!seen) return session.fail(seen.error());
  if (session.wants_json()) {
    session.print(watch::to_json(*seen).dump() + "\n");
  } else {
    session.print(
        watch::in_words(*seen, nullptr, session.is_live() ? session.width() : kPipeWidth));
  }
  return 0;
}

}  // namespace slipway::app

#include "daemon/log_tail.h"

#include <algorithm>

namespace slipway::daemon {
namespace {
constexpr int kMostFollowers = 32;
constexpr int kLookBack = 1000;  // more new lines between two looks are not seen
constexpr Millis kEvery{500};
constexpr int kAliveEvery = 20;  // looks

std::string line_event(const std::string& line) {
  return event_text("line", 0, Json::object().set("line", line).dump());
}
}  // namespace

std::vector<std::string> new_lines(const std::vector<std::string>& before,
                                   const std::vector<std::string>& now) {
  // Nothing scrolled away: what was seen is still at the front.
  if (before.size() <= now.size() && std::equal(before.begin(), before.end(), now.begin())) {
    return {now.begin() + static_cast<std::ptrdiff_t>(before.size()), now.end()};
  }
  // The longest end of `before` that `now` still shows: what stands behind it is new.
  const std::size_t most = std::min(before.size(), now.size());
  for (std::size_t drop = 0; drop <= now.size(); ++drop) {
    const std::size_t shown = now.size() - drop;  // lines of `now` that would be old
    const std::size_t length = std::min(shown, most);
    const auto old_end = now.end() - static_cast<std::ptrdiff_t>(drop);
    if (std::equal(before.end() - static_cast<std::ptrdiff_t>(length), before.end(),
                   old_end - static_cast<std::ptrdiff_t>(length))) {
      return {old_end, now.end()};
    }
  }
  return now;
}

Result<std::vector<std::vector<std::string>>> LogTail::by_slot(const LogQuery& query) {
  std::vector<std::vector<std::string>> out;
  const auto looked = lookout_.with_drivers(query.app, [&](DriverSet& drivers) -> Result<void> {
    const auto stored = TRY(lookout_.shelf().release(query.release));
    for (const auto& service : stored->plan.settings.services) {
      if (!query.service.empty() && service.name != query.service) continue;
      out.push_back(TRY(drivers.instances->output(
          {query.app.app, query.app.environment, service.name, query.release}, query.lines)));
    }
    return ok();
  });
  if (!looked) return looked.error();
  if (out.empty()) {
    return Error(Code::NotFound, query.release + " has no service \"" + query.service + "\"",
                 "see slipway status");
  }
  return out;
}

Result<std::vector<std::string>> LogTail::lines(const LogQuery& query) {
  std::vector<std::string> out;
  for (auto& lines : TRY(by_slot(query))) {
    out.insert(out.end(), std::make_move_iterator(lines.begin()),
               std::make_move_iterator(lines.end()));
  }
  return out;
}

Result<void> LogTail::follow(LogQuery query, std::shared_ptr<EventSink> sink) {
  Follower follower{std::move(query), std::move(sink), {}};
  const int wanted = std::exchange(follower.query.lines, kLookBack);
  auto first = TRY(by_slot(follower.query));
  for (const auto& lines : first) {
    const auto from = lines.size() - std::min(lines.size(), static_cast<std::size_t>(wanted));
    for (std::size_t i = from; i < lines.size(); ++i) {
      if (!follower.sink->send(line_event(lines[i]))) return ok();
    }
  }
  follower.seen = std::move(first);
  const std::lock_guard lock(mutex_);
  if (closing_) return Error(Code::Conflict, "the daemon stops", "ask the next one");
  if (following_ >= kMostFollowers) {
    return Error(Code::Refused, std::to_string(kMostFollowers) + " readers follow logs already",
                 "end one of them");
  }
  ++following_;
  arrived_.push_back(std::move(follower));
  changed_.notify_all();
  return ok();
}

void LogTail::start() {
  thread_ = std::thread([this] { work(); });
}

void LogTail::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  // Readers that came too late for the thread.
  const std::lock_guard lock(mutex_);
  for (const auto& follower : arrived_) follower.sink->close();
  arrived_.clear();
}

// false: the reader is gone.
bool LogTail::feed(Follower& follower) {
  auto now = by_slot(follower.query);
  if (!now) return true;  // the platform may answer again
  for (std::size_t i = 0; i < now->size() && i < follower.seen.size(); ++i) {
    for (const auto& line : new_lines(follower.seen[i], (*now)[i])) {
      if (!follower.sink->send(line_event(line))) return false;
    }
  }
  follower.seen = std::move(now).value();
  return true;
}

void LogTail::work() {
  std::list<Follower> followers;
  for (int look = 1;; ++look) {
    {
      std::unique_lock lock(mutex_);
      if (followers.empty()) {
        changed_.wait(lock, [this] { return closing_ || !arrived_.empty(); });
      } else {
        changed_.wait_for(lock, kEvery, [this] { return closing_; });
      }
      followers.splice(followers.end(), arrived_);
      if (closing_) break;
    }
    const auto before = followers.size();
    followers.remove_if([&](Follower& follower) {
      if (!feed(follower)) return true;
      return look % kAliveEvery == 0 && !follower.sink->send(": alive\n\n");
    });
    const std::lock_guard lock(mutex_);
    following_ -= static_cast<int>(before - followers.size());
  }
  for (const auto& follower : followers) follower.sink->close();
}

}  // namespace slipway::daemon

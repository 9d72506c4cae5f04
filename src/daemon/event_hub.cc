#include "daemon/event_hub.h"

#include <algorithm>

namespace slipway::daemon {

std::string event_text(std::string_view name, std::int64_t id, std::string_view one_line) {
  std::string out;
  if (id > 0) out += "id: " + std::to_string(id) + "\n";
  out += "event: " + std::string(name) + "\ndata: " + std::string(one_line) + "\n\n";
  return out;
}

Result<void> EventHub::follow(const std::string& release, std::int64_t after,
                              std::shared_ptr<EventSink> sink,
                              const std::function<Result<Past>(std::int64_t after)>& past) {
  const auto here = channel(release);
  const std::lock_guard lock(here->mutex);
  if (here->followers.size() >= kMostFollowers) {
    return Error(Code::Refused,
                 release + " has " + std::to_string(kMostFollowers) + " followers already",
                 "end one of them");
  }
  const Past before = TRY(past(after));
  Follower follower{std::move(sink), after};
  for (const auto& [seq, text] : before.records) {
    if (!follower.sink->send(text)) return ok();
    follower.last = seq;
  }
  if (!before.end.empty()) {
    // The reader may be gone by now; there is nobody left to tell.
    (void)follower.sink->send(before.end);
    follower.sink->close();
    return ok();
  }
  here->followers.push_back(std::move(follower));
  return ok();
}

std::shared_ptr<EventHub::Channel> EventHub::channel(const std::string& release) {
  const std::lock_guard lock(mutex_);
  auto& found = channels_[release];
  if (!found) found = std::make_shared<Channel>();
  return found;
}

std::vector<std::shared_ptr<EventHub::Channel>> EventHub::all() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Channel>> out;
  for (auto channel = channels_.begin(); channel != channels_.end();) {
    // A channel nobody else holds and nobody follows is not kept: it belongs to a release of the
    // past.
    const std::unique_lock idle(channel->second->mutex, std::try_to_lock);
    if (idle && channel->second.use_count() == 1 && channel->second->followers.empty()) {
      out.push_back(channel->second);  // keeps the mutex alive until `idle` is let go
      channel = channels_.erase(channel);
      continue;
    }
    out.push_back((channel++)->second);
  }
  return out;
}

void EventHub::send(Channel& channel, std::int64_t seq, const std::string& text) {
  std::erase_if(channel.followers, [&](Follower& follower) {
    if (seq > 0 && seq <= follower.last) return false;
    if (seq > 0) follower.last = seq;
    return !follower.sink->send(text);
  });
}

void EventHub::record(const std::string& release, std::int64_t seq, const std::string& text) {
  const auto here = channel(release);
  const std::lock_guard lock(here->mutex);
  send(*here, seq, text);
}

void EventHub::progress(const std::string& release, const std::string& text) {
  const auto here = channel(release);
  const std::lock_guard lock(here->mutex);
  send(*here, 0, text);
}

void EventHub::end(const std::string& release, const std::string& text) {
  const auto here = channel(release);
  const std::lock_guard lock(here->mutex);
  send(*here, 0, text);
  for (const auto& follower : here->followers) follower.sink->close();
  here->followers.clear();
}

void EventHub::alive() {
  for (const auto& one : all()) {
    const std::lock_guard lock(one->mutex);
    send(*one, 0, ": alive\n\n");
  }
}

void EventHub::close() {
  for (const auto& one : all()) {
    const std::lock_guard lock(one->mutex);
    for (const auto& follower : one->followers) follower.sink->close();
    one->followers.clear();
  }
}

}  // namespace slipway::daemon

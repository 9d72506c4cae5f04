#pragma once
// Link: the way to the daemon, over its unix socket or SLIPWAY_HOST. Says in words what is wrong
// when nobody answers, when it is not slipway, and when it is another version of it.
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "cli/session.h"
#include "http/client.h"

namespace slipway::cli {

inline constexpr int kApi = 1;

class Link {
 public:
  static Result<Link> open(const Session& session);

  Result<Json> get(const std::string& target);
  Result<std::string> text(const std::string& target);  // an answer that is no JSON
  Result<Json> post(const std::string& target, const Json& body);
  Result<Json> remove(const std::string& target);

  // One server-sent event after the other; returns when on_event says false, the stream ends, or
  // `silence` passes without a byte. last_id: 0 for the beginning.
  struct Event {
    std::string name;
    std::int64_t id = 0;
    std::string text;  // of the data lines
  };
  using OnEvent = std::function<bool(const Event& event)>;
  Result<void> follow(const std::string& target, std::int64_t last_id, const OnEvent& on_event);

  // The daemon's error object of the last call that failed with an answer; null otherwise.
  const Json& refusal() const { return refusal_; }

 private:
  Link(http::Client client, std::string token, std::string where, std::string state)
      : client_(std::move(client)),
        token_(std::move(token)),
        where_(std::move(where)),
        state_(std::move(state)) {}
  http::Call call(std::string method, const std::string& target) const;
  Result<Json> exchange(const http::Call& call);
  Result<void> check(const http::Response& response);
  Error unreachable(const Error& why, http::Sent sent) const;

  http::Client client_;
  std::string token_;
  std::string where_;  // for messages
  std::string state_;  // folder; empty: not on the unix socket
  Json refusal_;
};

// Prints why a call failed; returns the exit status.
inline int fail(const Session& session, const Link& link, const Error& error) {
  return session.fail(error, link.refusal());
}

}  // namespace slipway::cli

#pragma once
// Posting: how every channel that speaks HTTP is told, and what its answer means.
#include <string>

#include "base/json.h"
#include "http/web.h"
#include "ports/notice.h"

namespace slipway::drivers::posting {

// A channel as configured, its secret read.
struct Place {
  std::string channel;  // its name, for messages
  std::string url;
  std::string secret;
  std::string ca;
  Millis timeout{10'000};
};

http::WebCall json_call(const Place& place, const std::string& path, const Json& body);
// 2xx: Applied. 408, 425, 429 and 5xx: not now (an error that is retryable). Any other answer:
// never (Refused). No answer: Unknown, unless it certainly did not arrive.
ports::Outcome post(const Place& place, const http::WebCall& call);
// How long the answer asks to be left alone: Retry-After in seconds, or its date less that of the
// answer (RFC 9110, 10.2.3). 0: it does not say, or not so that it can be understood.
Millis retry_after(const http::Fields& fields);
// Without the slashes it may end with.
std::string without_slash(std::string url);
// At most `most` bytes, cut between characters, with an ellipsis when something is missing.
std::string shortened(const std::string& text, std::size_t most);

}  // namespace slipway::drivers::posting

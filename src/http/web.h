#pragma once
// Calls out into the world: HTTP with TLS, and mail. Blocking, each on a connection of its own,
// with one time-out for the whole call. Safe to use from several threads at a time. (Control
// sockets, probes and the command line use http/client.h, which needs no library.)
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"
#include "http/message.h"

namespace slipway::http {

struct WebCall {
  std::string method = "POST";
  std::string url;  // http or https; redirects are not followed
  Fields fields;
  std::string body;
  std::string ca;  // file with the certificates to trust; empty: the machine's
  Millis timeout{10'000};
  std::size_t max_body = 64 * 1024;  // of the answer; what is beyond is dropped
};

// Any status is a Response; an Error is a transport's: Timeout, ConnectionLost, ConfigInvalid (the
// address itself is wrong). Messages name the host alone: a path may be a secret.
Result<Response> call_web(const WebCall& call, Sent* sent = nullptr);

enum class Encryption { Required, None };

struct Mail {
  std::string url;  // smtp://host:port (STARTTLS) or smtps://host:port
  std::string from;
  std::vector<std::string> to;
  std::string user;  // empty: nobody signs in
  std::string password;
  std::string message;  // RFC 5322, lines end in CRLF
  std::string ca;
  Encryption encryption = Encryption::Required;
  Millis timeout{10'000};
};

// Done when the server has taken the message for every receiver. Refused: it said no for good
// (5xx); IoFailed: it said not now (4xx).
Result<void> send_mail(const Mail& mail, Sent* sent = nullptr);

// "hooks.slack.com:443" of "https://hooks.slack.com:443/services/T0…": what may be shown.
std::string host_of_url(const std::string& url);

}  // namespace slipway::http

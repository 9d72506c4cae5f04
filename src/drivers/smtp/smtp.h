#pragma once
// E-mail over SMTP (RFC 5321) with STARTTLS. A repetition has the same Message-ID (RFC 5322), so
// that mailboxes show it once; mails about one subject are one thread.
#include <memory>
#include <string>
#include <vector>

#include "http/web.h"
#include "ports/notice.h"

namespace slipway::drivers::smtp {

struct Settings {
  std::string channel;
  std::string url;  // smtp://host:port or smtps://host:port
  std::string from;
  std::vector<std::string> to;
  std::string user;
  std::string password;
  std::string ca;
  http::Encryption encryption = http::Encryption::Required;
  Millis timeout{10'000};
};

// The message, lines ended by CRLF. No value of the notice can add a line to its head.
std::string message_of(const ports::Notice& notice, const Settings& settings);
std::unique_ptr<ports::Notifier> make_notifier(Settings settings);

}  // namespace slipway::drivers::smtp

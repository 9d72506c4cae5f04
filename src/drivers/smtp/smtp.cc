#include "drivers/smtp/smtp.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"

namespace slipway::drivers::smtp {
namespace {
constexpr std::size_t kLine = 76;  // of base64, RFC 2045
// An encoded word is at most 75 characters, RFC 2047: this many bytes fit into one.
constexpr std::size_t kWord = 42;

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      const auto byte = i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U;
      group = group << 8 | byte;
    }
    for (std::size_t j = 0; j < 4; ++j)
      out += i + j > bytes.size() ? '=' : kDigits[group >> (18 - 6 * j) & 63];
  }
  return out;
}

std::string in_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

// A header's free text: as it is, or as encoded words that never cut a character in two.
std::string header_text(const std::string& raw) {
  std::string text = in_one_line(raw);
  constexpr std::size_t kMostPlain = 200;
  if (is_ascii(text) && text.size() <= kMostPlain) return text;
  std::string out;
  while (!text.empty()) {
    std::size_t end = std::min(kWord, text.size());
    while (end < text.size() && end > 1 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
      --end;
    out += (out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + base64(text.substr(0, end)) + "?=";
    text.erase(0, end);
  }
  return out;
}

// "Sat, 21 Nov 2026 15:48:26 +0000"
std::string date_of(std::int64_t ms) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000",
                     fmt::gmtime(static_cast<std::time_t>(ms / 1000)));
}

std::string id_of(const std::string& key) {
  return "<" + sha256_hex(key).substr(0, 32) + "@slipway>";
}

std::string body_of(const ports::Notice& notice) {
  std::string out = notice.text + "\n\n";
  for (const auto& [name, value] : notice.facts) out += name + ": " + value + "\n";
  for (const auto& [text, url] : notice.links) out += text + ": " + url + "\n";
  return out + "\n" + notice.key + "  " + to_iso8601(from_unix_ms(notice.at_ms)) + "\n";
}

std::string wrapped(const std::string& encoded) {
  std::string out;
  for (std::size_t i = 0; i < encoded.size(); i += kLine) out += encoded.substr(i, kLine) + "\r\n";
  return out;
}

class Smtp final : public ports::Notifier {
 public:
  explicit Smtp(Settings settings) : settings_(std::move(settings)) {}

  ports::Outcome send(const ports::Notice& notice) override {
    http::Mail mail;
    mail.url = settings_.url;
    mail.from = settings_.from;
    mail.to = settings_.to;
    mail.user = settings_.user;
    mail.password = settings_.password;
    mail.message = message_of(notice, settings_);
    mail.ca = settings_.ca;
    mail.encryption = settings_.encryption;
    mail.timeout = settings_.timeout;
    http::Sent sent = http::Sent::Maybe;
    const auto done = http::send_mail(mail, &sent);
    if (done) return ports::Outcome::applied();
    Error why = done.error().in("telling channel " + settings_.channel);
    return sent == http::Sent::Nothing || why.code == Code::Refused
               ? ports::Outcome::not_applied(std::move(why))
               : ports::Outcome::unknown(std::move(why));
  }

 private:
  Settings settings_;
};
}  // namespace

std::string message_of(const ports::Notice& notice, const Settings& settings) {
  std::vector<std::string> receivers;
  for (const auto& one : settings.to) receivers.push_back(in_one_line(one));
  std::string out;
  const auto add = [&](const char* name, const std::string& value) {
    out += std::string(name) + ": " + value + "\r\n";
  };
  add("From", in_one_line(settings.from));
  add("To", join(receivers, ", "));
  add("Subject", header_text("[" + notice.environment + "] " + notice.text));
  add("Date", date_of(notice.at_ms));
  add("Message-ID", id_of(notice.key));
  add("References", id_of(notice.subject));
  add("Auto-Submitted", "auto-generated");
  add("X-Slipway-Key", header_text(notice.key));
  add("MIME-Version", "1.0");
  add("Content-Type", "text/plain; charset=utf-8");
  add("Content-Transfer-Encoding", "base64");
  return out + "\r\n" + wrapped(base64(body_of(notice)));
}

std::unique_ptr<ports::Notifier> make_notifier(Settings settings) {
  return std::make_unique<Smtp>(std::move(settings));
}

}  // namespace slipway::drivers::smtp

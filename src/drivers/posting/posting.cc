#include "drivers/posting/posting.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>

#include "base/text.h"

namespace slipway::drivers::posting {
namespace {
constexpr std::size_t kShown = 200;  // bytes of an answer that a message shows

std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

// "Wed, 21 Oct 2015 07:28:00 GMT", in seconds since 1970.
std::optional<std::int64_t> http_date(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<std::int64_t>(::timegm(&parts));
}

bool is_for_now(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}
}  // namespace

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string shortened(const std::string& text, std::size_t most) {
  constexpr std::string_view kEllipsis = "…";
  if (text.size() <= most) return text;
  std::size_t end = most - kEllipsis.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + std::string(kEllipsis);
}

Millis retry_after(const http::Fields& fields) {
  constexpr std::int64_t kMost_s = 365 * 86'400;  // what is more says nothing either
  const std::string text(trim(http::field_value(fields, "Retry-After")));
  std::int64_t seconds = 0;
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_number = err == std::errc() && end == text.data() + text.size();
  if (!is_number) {
    const auto then = http_date(text);
    const auto now = http_date(std::string(trim(http::field_value(fields, "Date"))));
    if (!then || !now) return Millis(0);
    seconds = *then - *now;
  }
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kMost_s));
}

http::WebCall json_call(const Place& place, const std::string& path, const Json& body) {
  http::WebCall call;
  call.url = without_slash(place.url) + path;
  call.fields = {{"Content-Type", "application/json"}};
  call.body = body.dump();
  call.ca = place.ca;
  call.timeout = place.timeout;
  return call;
}

ports::Outcome post(const Place& place, const http::WebCall& call) {
  const std::string context = "telling channel " + place.channel;
  http::Sent sent = http::Sent::Maybe;
  const auto answer = http::call_web(call, &sent);
  if (!answer) {
    Error why = answer.error().in(context);
    return sent == http::Sent::Nothing ? ports::Outcome::not_applied(std::move(why))
                                       : ports::Outcome::unknown(std::move(why));
  }
  if (answer->status >= 200 && answer->status < 300) return ports::Outcome::applied();
  const std::string what = context + ": " + http::host_of_url(call.url) + " answered " +
                           std::to_string(answer->status) + ": " +
                           printable(shortened(answer->body, kShown));
  if (is_for_now(answer->status)) {
    auto later = ports::Outcome::not_applied({Code::IoFailed, what, "it is tried again"});
    later.not_before = retry_after(answer->fields);
    return later;
  }
  return ports::Outcome::not_applied(
      {Code::Refused, what,
       "correct the channel's address or secret, then see that it gets the next"});
}

}  // namespace slipway::drivers::posting

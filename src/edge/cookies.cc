#include "edge/cookies.h"

#include <fmt/format.h>

#include "http/bytes.h"

namespace slipway::edge {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && http::is_ows(text.front())) text.remove_prefix(1);
  while (!text.empty() && http::is_ows(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

std::string_view cookie_of(const http::Headers& headers, std::string_view name) {
  for (const http::Header& header : headers) {
    if (header.known != http::Known::Other || !http::equals_ignoring_case(header.name(), "cookie"))
      continue;
    std::string_view rest = header.value();
    while (!rest.empty()) {
      const std::size_t end = rest.find(';');
      const std::string_view pair = trimmed(rest.substr(0, end));
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos && trimmed(pair.substr(0, equals)) == name)
        return unquoted(trimmed(pair.substr(equals + 1)));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  return {};
}

void append_cookie(const NewCookie& cookie, std::string& out) {
  out.append("Set-Cookie: ").append(cookie.name).append("=").append(cookie.value);
  out.append("; Path=/");
  if (cookie.max_age_s > 0)
    fmt::format_to(std::back_inserter(out), "; Max-Age={}", cookie.max_age_s);
  out.append("; HttpOnly; SameSite=Lax");
  if (cookie.secure) out.append("; Secure");
  out.append("\r\n");
}

}  // namespace slipway::edge

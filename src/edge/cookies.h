#pragma once
// Cookies (RFC 6265) as far as the edge needs them.
#include <cstdint>
#include <string>
#include <string_view>

#include "http/parser.h"

namespace slipway::edge {

// The value of the first cookie with this name; empty when there is none.
std::string_view cookie_of(const http::Headers& headers, std::string_view name);

struct NewCookie {
  std::string_view name;
  std::string_view value;
  std::int64_t max_age_s = 0;  // 0: until the browser is closed
  bool secure = false;
};
// Appends a Set-Cookie line with its CRLF: for the whole site, HttpOnly, SameSite=Lax.
void append_cookie(const NewCookie& cookie, std::string& out);

}  // namespace slipway::edge

#include <string>

#include "http/bytes.h"
#include "http/parser.h"

namespace slipway::http {
namespace {

// Calls `use(option)` for each member of the comma list, white space trimmed, until it returns
// true.
template <class Use>
bool any_option(std::string_view list, Use use) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view option = list.substr(0, comma);
    while (!option.empty() && is_ows(option.front())) option.remove_prefix(1);
    while (!option.empty() && is_ows(option.back())) option.remove_suffix(1);
    if (!option.empty() && use(option)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

constexpr std::uint32_t bit(Known known) { return 1U << static_cast<unsigned>(known); }

constexpr std::uint32_t kHopByHop =
    bit(Known::Connection) | bit(Known::KeepAlive) | bit(Known::ProxyConnection) |
    bit(Known::ProxyAuthenticate) | bit(Known::ProxyAuthorization) | bit(Known::Te) |
    bit(Known::Trailer) | bit(Known::TransferEncoding) | bit(Known::Upgrade);
constexpr std::uint32_t kNeverNominated =
    bit(Known::ContentLength) | bit(Known::TransferEncoding) | bit(Known::Host) | bit(Known::Via) |
    bit(Known::Forwarded) | bit(Known::XForwardedFor) | bit(Known::XForwardedHost) |
    bit(Known::XForwardedProto) | bit(Known::XRequestId) | bit(Known::XRequestStart);

}  // namespace

const Header* Headers::find(std::string_view name) const {
  for (const Header& header : *this) {
    if (equals_ignoring_case(header.name(), name)) return &header;
  }
  return nullptr;
}

const Header* Headers::find(Known known) const {
  if (!has(known)) return nullptr;
  for (const Header& header : *this) {
    if (header.known == known) return &header;
  }
  return nullptr;
}

std::string_view Headers::value_of(std::string_view name, std::string_view otherwise) const {
  const Header* header = find(name);
  return header == nullptr ? otherwise : header->value();
}

bool Headers::add(const Header& header) {
  if (size_ == items_.size()) return false;
  items_[size_++] = header;
  present_ |= bit(header.known);
  return true;
}

bool is_hop_by_hop(const Header& header) { return (bit(header.known) & kHopByHop) != 0; }

bool list_has(std::string_view list, std::string_view member) {
  return any_option(list, [&](std::string_view o) { return equals_ignoring_case(o, member); });
}

bool connection_has(const Headers& headers, std::string_view wanted) {
  if (!headers.has(Known::Connection)) return false;
  for (const Header& header : headers) {
    if (header.known == Known::Connection && list_has(header.value(), wanted)) return true;
  }
  return false;
}

bool is_nominated(const Headers& headers, const Header& header) {
  return (bit(header.known) & kNeverNominated) == 0 && connection_has(headers, header.name());
}

// The options that have a meaning of their own name no header that would go on: Keep-Alive and
// Upgrade do not anyway.
bool nominates(const Headers& headers) {
  if (!headers.has(Known::Connection)) return false;
  for (const Header& header : headers) {
    if (header.known != Known::Connection) continue;
    const bool other = any_option(header.value(), [](std::string_view option) {
      return !equals_ignoring_case(option, "keep-alive") &&
             !equals_ignoring_case(option, "upgrade");
    });
    if (other) return true;
  }
  return false;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

bool is_token(std::string_view text) {
  for (char c : text) {
    if (!is_token_char(c)) return false;
  }
  return !text.empty();
}

bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
         method == "DELETE" || method == "TRACE";
}

std::string_view reason_phrase(int status) {
  struct Phrase {
    int status;
    std::string_view text;
  };
  static constexpr Phrase kPhrases[] = {{100, "Continue"},
                                        {101, "Switching Protocols"},
                                        {200, "OK"},
                                        {201, "Created"},
                                        {202, "Accepted"},
                                        {204, "No Content"},
                                        {301, "Moved Permanently"},
                                        {302, "Found"},
                                        {304, "Not Modified"},
                                        {308, "Permanent Redirect"},
                                        {400, "Bad Request"},
                                        {401, "Unauthorized"},
                                        {403, "Forbidden"},
                                        {404, "Not Found"},
                                        {405, "Method Not Allowed"},
                                        {408, "Request Timeout"},
                                        {409, "Conflict"},
                                        {411, "Length Required"},
                                        {413, "Content Too Large"},
                                        {414, "URI Too Long"},
                                        {415, "Unsupported Media Type"},
                                        {417, "Expectation Failed"},
                                        {422, "Unprocessable Content"},
                                        {429, "Too Many Requests"},
                                        {431, "Request Header Fields Too Large"},
                                        {500, "Internal Server Error"},
                                        {501, "Not Implemented"},
                                        {502, "Bad Gateway"},
                                        {503, "Service Unavailable"},
                                        {504, "Gateway Timeout"},
                                        {505, "HTTP Version Not Supported"},
                                        {508, "Loop Detected"}};
  for (const Phrase& phrase : kPhrases) {
    if (phrase.status == status) return phrase.text;
  }
  return "";
}

}  // namespace slipway::http

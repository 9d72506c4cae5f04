#pragma once
// Whether and how a response is compressed: pure decisions, and its head as it then goes on.
#include <optional>
#include <string>
#include <string_view>

#include "edge/compress_rules.h"
#include "http/parser.h"

namespace slipway::edge {

// The coding a request may be answered with, of those offered (best first), by its Accept-Encoding
// fields (RFC 9110 section 12.5.3): the highest quality wins, then the order of the offer. nullopt:
// as it is. A request that forbids transforming (Cache-Control: no-transform) gets nullopt.
std::optional<Coding> choose_coding(const http::Headers& request,
                                    const std::vector<Coding>& offered);

// What may become of a response, whoever asks: No touches nothing; the others are told apart by
// what the client accepts, so caches must hear of it (Vary).
enum class Compressible : std::uint8_t {
  No,
  Body,  // its content may be encoded
  Head,  // there is no content, but its head speaks of one that would be (HEAD, 304)
};
enum class Method : std::uint8_t { Head, Other };
Compressible compressible(const http::ResponseHead& head, Method method, const Compress& rules);

// "text/html; charset=utf-8" by one of the rules' types. Server-sent events are never.
bool is_compressible_type(std::string_view content_type, const std::vector<std::string>& types);

// `head` with Vary: Accept-Encoding, and, with a coding, Content-Encoding, a weak ETag, no
// Content-Length and no Accept-Ranges. `buffer` holds the lines that are new; both must outlive the
// result. What frames the body is the caller's.
void rewrite_encoded_head(const http::ResponseHead& head, std::optional<Coding> coding,
                          std::string& buffer, http::ResponseHead& out);

}  // namespace slipway::edge

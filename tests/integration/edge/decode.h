#pragma once
// What a client makes of an encoded body, by the libraries' own decoders.
#include <optional>
#include <string>
#include <string_view>

namespace slipway::edge::test {

struct Decoded {
  std::string content;    // as far as it goes
  bool complete = false;  // the coding's own end was reached, and nothing lies behind it
};
// coding: "gzip", "br", "zstd"; nullopt when the bytes are not of that coding.
std::optional<Decoded> decode(std::string_view coding, std::string_view bytes);

}  // namespace slipway::edge::test

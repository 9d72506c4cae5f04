#pragma once
// What is asked for: a weighted list of requests, read from text (the format is in README.md).
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace slipway::load {

// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same requests.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

// Text in which <1-48> becomes a number of that range and <a|b|c> one of the choices.
class Template {
 public:
  static Result<Template> parse(std::string_view text);
  std::string fill(Random& random) const;

 private:
  struct Piece {
    std::string literal;
    std::vector<std::string> choices;  // one of these after the literal,
    std::uint64_t low = 0;             // or a number low..high when high > 0
    std::uint64_t high = 0;
  };
  static Result<Piece> parse_hole(std::string_view hole);
  std::vector<Piece> pieces_;
};

enum class Framing { Length, Chunked };

struct RequestKind {
  std::uint64_t weight = 1;
  std::string method;
  Template path;
  Template body;
  Framing framing = Framing::Length;
  bool has_body = false;
};

class RequestMix {
 public:
  static Result<RequestMix> parse(std::string_view text);
  static std::string_view shop();  // the built-in mix, in the same format

  // One request, ready to be sent; `host` is the value of its Host field.
  std::string render(Random& random, std::string_view host) const;

 private:
  std::vector<RequestKind> kinds_;
  std::uint64_t total_weight_ = 0;
};

}  // namespace slipway::load

#include "load/request_mix.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/text.h"

namespace slipway::load {
namespace {
constexpr std::size_t kMostKinds = 1000;
constexpr std::uint64_t kMostWeight = 1'000'000;

// 70 % looking, 15 % carts, 10 % orders, 5 % home page; a third of the bodies in chunks.
constexpr std::string_view kShop = R"(
25 GET /api/products?page=<1-4>
20 GET /api/products/search?q=<coffee|tea|steel|wool|paper|light>
25 GET /api/products/<1-48>
10 POST /api/cart {"product_id":<1-48>,"quantity":<1-3>}
5  POST /api/cart chunked {"product_id":<1-48>,"quantity":<1-3>}
7  POST /api/checkout {"items":[{"product_id":<1-48>,"quantity":<1-2>}],"email":"c<1-9999>@shop.example"}
3  POST /api/checkout chunked {"items":[{"product_id":<1-48>,"quantity":1}],"email":"c<1-9999>@shop.example"}
5  GET /
)";

// Takes the next word off the front of a line.
std::string_view take_word(std::string_view& line) {
  line = trim(line);
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

bool read_whole(std::string_view text, std::uint64_t& out) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, out);
  return !text.empty() && result.ec == std::errc() && result.ptr == end;
}

std::string chunk_of(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}

// Two chunks, so that a reader has to put them together.
std::string in_chunks(std::string_view body) {
  const std::size_t half = body.size() / 2;
  std::string out;
  if (half > 0) out += chunk_of(body.substr(0, half));
  if (body.size() > half) out += chunk_of(body.substr(half));
  return out + "0\r\n\r\n";
}

Result<RequestKind> parse_line(std::string_view line) {
  RequestKind kind;
  if (!read_whole(take_word(line), kind.weight) || kind.weight == 0 || kind.weight > kMostWeight) {
    return Error(Code::Malformed, "a request begins with its weight, a whole number from 1 on");
  }
  kind.method = take_word(line);
  const std::string_view path = take_word(line);
  if (kind.method.empty() || !path.starts_with('/')) {
    return Error(Code::Malformed, "after the weight come a method and a path that begins with /");
  }
  kind.path = TRY(Template::parse(path));
  std::string_view rest = trim(line);
  std::string_view after = rest;
  if (take_word(after) == "chunked") {
    kind.framing = Framing::Chunked;
    rest = trim(after);
  }
  kind.has_body = !rest.empty() || kind.framing == Framing::Chunked;
  kind.body = TRY(Template::parse(rest));
  return kind;
}
}  // namespace

std::uint64_t SeededRandom::next() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

Result<Template::Piece> Template::parse_hole(std::string_view hole) {
  Piece piece;
  const std::size_t dash = hole.find('-');
  if (dash != std::string_view::npos && read_whole(hole.substr(0, dash), piece.low) &&
      read_whole(hole.substr(dash + 1), piece.high)) {
    if (piece.low <= piece.high && piece.high > 0) return piece;
    return Error(Code::Malformed, "<" + std::string(hole) + "> is no range");
  }
  for (const std::string_view choice : split(hole, '|')) piece.choices.emplace_back(choice);
  return piece;
}

Result<Template> Template::parse(std::string_view text) {
  Template out;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find('<'), text.size());
    Piece piece;
    if (open < text.size()) {
      const std::size_t close = text.find('>', open);
      if (close == std::string_view::npos) {
        return Error(Code::Malformed, "a < without its > in \"" + std::string(text) + "\"");
      }
      piece = TRY(parse_hole(text.substr(open + 1, close - open - 1)));
      piece.literal = text.substr(0, open);
      text.remove_prefix(close + 1);
    } else {
      piece.literal = text;
      text = {};
    }
    out.pieces_.push_back(std::move(piece));
  }
  return out;
}

std::string Template::fill(Random& random) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.literal;
    if (piece.high > 0) {
      out += std::to_string(piece.low + random.next() % (piece.high - piece.low + 1));
    } else if (!piece.choices.empty()) {
      out += piece.choices[random.next() % piece.choices.size()];
    }
  }
  return out;
}

std::string_view RequestMix::shop() { return kShop; }

Result<RequestMix> RequestMix::parse(std::string_view text) {
  RequestMix mix;
  int number = 0;
  for (const std::string_view raw : split(text, '\n')) {
    ++number;
    const std::string_view line = trim(raw);
    if (line.empty() || line.starts_with('#')) continue;
    Result<RequestKind> kind = parse_line(line);
    if (!kind) return kind.error().in("in line " + std::to_string(number) + " of the mix");
    if (mix.kinds_.size() == kMostKinds) {
      return Error(Code::TooLarge, "the mix has more than 1000 requests", "drop some of them");
    }
    mix.total_weight_ += kind->weight;
    mix.kinds_.push_back(std::move(kind).value());
  }
  if (mix.kinds_.empty()) {
    return Error(Code::Malformed, "the mix has no request", "write lines like: 10 GET /path");
  }
  return mix;
}

std::string RequestMix::render(Random& random, std::string_view host) const {
  std::uint64_t drawn = random.next() % total_weight_;
  auto kind = kinds_.begin();
  for (; drawn >= kind->weight; ++kind) drawn -= kind->weight;
  std::string out = kind->method + " " + kind->path.fill(random) + " HTTP/1.1\r\nHost: ";
  out.append(host).append("\r\nUser-Agent: slipway-load\r\nAccept: */*\r\n");
  if (!kind->has_body) return out + "\r\n";
  const std::string body = kind->body.fill(random);
  out += "Content-Type: application/json\r\n";
  if (kind->framing == Framing::Chunked) {
    return out + "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(body);
  }
  return out + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace slipway::load

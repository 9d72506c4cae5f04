// differential [CASES]: messages made from the parts that parsers disagree about, read by ours and
// by llhttp. What we accept, llhttp must accept and end at the same byte, other than the listed
// classes below (docs/internals/http-differences.md says why each is right). SEED replays.
#include <cstdio>
#include <cstdlib>
#include <map>

#include "http/bytes.h"
#include "http/parser.h"
#include "tests/fuzz/engine.h"
#include "tests/fuzz/oracle.h"

namespace slipway::fuzz {
namespace {

using http::BodyFraming;
using http::Parsed;

// What ours says of one message, in the oracle's words.
struct Ours {
  Opinion::Says says = Opinion::Says::Refused;
  bool head_done = false;
  BodyFraming framing;
  bool keep_alive = false;
  std::string method;
  std::string target;
  int minor = 1;
  int status = 0;
  bool upgrade = false;
  std::string body;
  std::size_t used = 0;
  std::size_t head_size = 0;
};

void read_body(std::string_view rest, Ours& ours) {
  if (ours.framing.kind == BodyFraming::Kind::Chunked) {
    http::ChunkedDecoder decoder;
    const std::size_t size = rest.size();
    auto piece = decoder.next(rest);
    for (; piece.got == http::ChunkedDecoder::Got::Content; piece = decoder.next(rest))
      ours.body += piece.content;
    ours.used = ours.head_size + size - rest.size();
    if (piece.got == http::ChunkedDecoder::Got::Bad) ours.says = Opinion::Says::Refused;
    if (piece.got == http::ChunkedDecoder::Got::NeedMore) ours.says = Opinion::Says::NeedMore;
    return;
  }
  const bool until_close = ours.framing.kind == BodyFraming::Kind::UntilClose;
  ours.body = rest.substr(0, until_close ? rest.size() : ours.framing.length);
  ours.used = ours.head_size + ours.body.size();
  if (until_close || ours.body.size() < ours.framing.length) ours.says = Opinion::Says::NeedMore;
}

template <class Result>
Ours read_head(const Result& got, std::string_view bytes) {
  Ours ours;
  if (got.parsed == Parsed::NeedMore) ours.says = Opinion::Says::NeedMore;
  if (got.parsed != Parsed::Complete) return ours;
  ours.says = Opinion::Says::Complete;
  ours.head_done = true;
  ours.framing = got.head.framing;
  ours.keep_alive = got.head.keep_alive;
  ours.minor = got.head.minor;
  ours.upgrade = got.head.upgrade;
  ours.head_size = got.head.size;
  read_body(bytes.substr(got.head.size), ours);
  return ours;
}

Ours ask_ours(std::string_view bytes, Message kind) {
  if (kind == Message::Response) {
    const auto got = http::parse_response_head(bytes, "GET");
    Ours ours = read_head(got, bytes);
    ours.status = got.head.status;
    return ours;
  }
  const auto got = http::parse_request_head(bytes);
  Ours ours = read_head(got, bytes);
  ours.method = got.head.method;
  ours.target = got.head.target;
  return ours;
}

const char* difference(const Opinion& oracle, const Ours& ours, Message kind) {
  if (kind == Message::Request && oracle.method != ours.method) return "method";
  if (kind == Message::Request && oracle.target != ours.target) return "target";
  if (kind == Message::Response && oracle.status != ours.status) return "status";
  const bool chunked = ours.framing.kind == BodyFraming::Kind::Chunked;
  if (chunked != oracle.chunked && ours.framing.has_body()) return "chunked";
  if (ours.framing.kind == BodyFraming::Kind::Length && ours.framing.length != oracle.length)
    return "length";
  if (ours.says != oracle.says) return "whether it is complete";
  if (ours.body != oracle.body) return "body";
  if (ours.says != Opinion::Says::Complete) return nullptr;
  if (ours.used != oracle.used) return "end";
  if (ours.keep_alive != oracle.keep_alive) return "keep-alive";
  return nullptr;
}

// What was accepted, with each chunk's extensions and the trailers taken out.
std::string without_extensions(const Ours& ours, std::string_view bytes) {
  std::string out(bytes.substr(0, ours.head_size));
  char size[24];
  std::snprintf(size, sizeof size, "%zx\r\n", ours.body.size());
  if (!ours.body.empty()) out += size + ours.body + "\r\n";
  if (ours.says == Opinion::Says::Complete) out += "0\r\n\r\n";
  return out;
}

// The message with no header line that ends in white space.
std::string tidied(const Ours& ours, std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < ours.head_size; ++i) {
    if (bytes[i] == '\r') out.erase(out.find_last_not_of(" \t") + 1);
    out += bytes[i];
  }
  return out.append(bytes.substr(ours.head_size));
}

bool has_header(std::string_view bytes, Message kind, std::string_view name) {
  if (kind == Message::Request)
    return http::parse_request_head(bytes).head.headers.find(name) != nullptr;
  return http::parse_response_head(bytes, "GET").head.headers.find(name) != nullptr;
}

// The classes of messages that we accept and llhttp 8.1 refuses, or that both accept and read
// differently. Each is right by the RFC; nullptr: not one of them.
const char* listed_class(const Opinion& oracle, const Ours& ours, std::string_view bytes,
                         Message kind) {
  const bool refused = oracle.says == Opinion::Says::Refused;
  if (refused && oracle.error == "HPE_INVALID_METHOD") return "a method llhttp has no number for";
  const bool bodiless =
      kind == Message::Response && (ours.status < 200 || ours.status == 204 || ours.status == 304);
  if (bodiless && (oracle.chunked || oracle.has_length))
    return "a body announced by 204 or 304 (RFC 9112 section 6.3, 1.)";
  if (!refused && has_header(bytes, kind, "Proxy-Connection"))
    return "Proxy-Connection is not Connection (RFC 9110 section 7.6.1)";
  if (!refused && ours.minor == 0 && !ours.keep_alive && oracle.keep_alive)
    return "close beside keep-alive on HTTP/1.0 closes (RFC 9112 section 9.3)";
  if (const std::string tidy = tidied(ours, bytes); tidy != bytes) {
    const Ours ours_tidy = ask_ours(tidy, kind);
    const Opinion oracle_tidy = ask_llhttp(tidy, kind);
    const bool agree = oracle_tidy.says != Opinion::Says::Refused &&
                       difference(oracle_tidy, ours_tidy, kind) == nullptr;
    if (agree || listed_class(oracle_tidy, ours_tidy, tidy, kind) != nullptr)
      return "a tab behind a value is white space (RFC 9110 section 5.6.3)";
  }
  if (ours.framing.kind != BodyFraming::Kind::Chunked) return nullptr;
  const Opinion plain = ask_llhttp(without_extensions(ours, bytes), kind);
  if (plain.says == ours.says && plain.body == ours.body)
    return "a chunk extension as RFC 9112 section 7.1.1 allows it";
  return nullptr;
}

std::string visible(std::string_view bytes) {
  std::string out;
  char text[8];
  for (char c : bytes) {
    const bool plain = c >= 0x20 && c < 0x7f && c != '\\';
    std::snprintf(text, sizeof text, plain ? "%c" : "\\x%02x", static_cast<unsigned char>(c));
    out += text;
    if (c == '\n') out += "\n    ";
  }
  return out;
}

// The parts of messages. The first few of each list are good, so that a message usually has at most
// one or two things wrong with it.
using Parts = std::vector<std::string>;
const Parts kLines = {"GET / HTTP/1.1\r\n",      "POST /a?b HTTP/1.1\r\n",
                      "PUT /x HTTP/1.1\r\n",     "HEAD / HTTP/1.1\r\n",
                      "GET / HTTP/1.0\r\n",      "POST / HTTP/1.0\r\n",
                      "OPTIONS * HTTP/1.1\r\n",  "GET http://h/ HTTP/1.1\r\n",
                      "PATCH /%2f HTTP/1.1\r\n", "DELETE /a|b HTTP/1.1\r\n",
                      "GET  / HTTP/1.1\r\n",     "GET / HTTP/1.1\n",
                      "GET / HTTP/1.1 \r\n",     "GET / HTTP/2.0\r\n",
                      "BREW / HTTP/1.1\r\n",     "GET /\r\n",
                      "\r\nGET / HTTP/1.1\r\n",  "GET /\xff HTTP/1.1\r\n",
                      "GET /a b HTTP/1.1\r\n",   "GET / HTTP/0.9\r\n",
                      "PRI * HTTP/2.0\r\n",      "M-SEARCH /x HTTP/1.1\r\n"};
const Parts kStatus = {"HTTP/1.1 200 OK\r\n",
                       "HTTP/1.1 404 Not Found\r\n",
                       "HTTP/1.0 200 OK\r\n",
                       "HTTP/1.1 204 No Content\r\n",
                       "HTTP/1.1 304 Not Modified\r\n",
                       "HTTP/1.1 100 Continue\r\n",
                       "HTTP/1.1 103 Early Hints\r\n",
                       "HTTP/1.1 200\r\n",
                       "HTTP/1.1 200 \r\n",
                       "HTTP/1.1 999 X\r\n",
                       "HTTP/1.1  200 OK\r\n",
                       "HTTP/1.1 20 OK\r\n",
                       "HTTP/1.1 2000 OK\r\n",
                       "HTTP/2.0 200 OK\r\n",
                       "HTTP/1.1 200 OK\n",
                       "HTTP/1.1 205 Reset\r\n",
                       "ICY 200 OK\r\n"};
const Parts kHosts = {
    "Host: h\r\n",   "Host: h:80\r\n", "Host:h\r\n",     "", "Host: h\r\nHost: h\r\n",
    "Host: a b\r\n", "Host : h\r\n",   "Host: [::1]\r\n"};
const Parts kFields = {"X: y\r\n",
                       "Accept: */*\r\n",
                       "Connection: close\r\n",
                       "Connection: keep-alive\r\n",
                       "X:\r\n",
                       "X: \t y \t\r\n",
                       "X: caf\xc3\xa9\r\n",
                       "Connection: upgrade\r\nUpgrade: websocket\r\n",
                       "Expect: 100-continue\r\n",
                       "Connection: x, close\r\n",
                       "Connection: keep-alive, close\r\n",
                       "Proxy-Connection: close\r\n",
                       "X : y\r\n",
                       "X: a\r\n b\r\n",
                       "X: a\rb\r\n",
                       "X: a\nY: b\r\n",
                       "X\r\n",
                       ": x\r\n",
                       "X: a\x01\r\n",
                       "X Y: z\r\n",
                       "X: y\r\r\n",
                       "Connection: closed\r\n",
                       "Connection: close \r\n",
                       "X: \x7f\r\n"};
const Parts kFraming = {"Content-Length: 5\r\n",
                        "Transfer-Encoding: chunked\r\n",
                        "",
                        "Content-Length: 0\r\n",
                        "Content-Length: 005\r\n",
                        "Content-Length: 5\r\nContent-Length: 5\r\n",
                        "Content-Length: 5, 5\r\n",
                        "Content-Length: +5\r\n",
                        "Content-Length: 5 \r\n",
                        "Content-Length: 0x5\r\n",
                        "Content-Length: 5 5\r\n",
                        "Content-Length:\r\n",
                        "Content-Length : 5\r\n",
                        "Content-Length: 18446744073709551621\r\n",
                        "Content-Length: -5\r\n",
                        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                        "Transfer-Encoding: CHUNKED\r\n",
                        "Transfer-Encoding: gzip, chunked\r\n",
                        "Transfer-Encoding: chunked, gzip\r\n",
                        "Transfer-Encoding: identity\r\n",
                        "Transfer-Encoding: xchunked\r\n",
                        "Transfer-Encoding: chunkedx\r\n",
                        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                        "Transfer-Encoding:\r\n chunked\r\n",
                        "Transfer-Encoding: \vchunked\r\n",
                        "Transfer-Encoding: chunked;a=b\r\n",
                        "Transfer-Encoding : chunked\r\n"};
const Parts kBodies = {"hello",
                       "5\r\nhello\r\n0\r\n\r\n",
                       "0\r\n\r\n",
                       "",
                       "1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n",
                       "5\r\nhello\r\n0\r\nX: y\r\n\r\n",
                       "00000005\r\nhello\r\n000\r\n\r\n",
                       "A\r\n0123456789\r\n0\r\n\r\n",
                       "5;a=\"b;c\"\r\nhello\r\n0\r\n\r\n",
                       "5 ;a\r\nhello\r\n0\r\n\r\n",
                       "5; a = b\r\nhello\r\n0\r\n\r\n",
                       "5 \r\nhello\r\n0\r\n\r\n",
                       "0x5\r\nhello\r\n0\r\n\r\n",
                       "+5\r\nhello\r\n0\r\n\r\n",
                       "5\nhello\n0\n\n",
                       "5\r\nhello0\r\n\r\n",
                       "5\r\nhelloX\r\n0\r\n\r\n",
                       "-5\r\nhello\r\n0\r\n\r\n",
                       "5_\r\nhello\r\n0\r\n\r\n",
                       "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
                       "5;\r\nhello\r\n0\r\n\r\n",
                       "5;a=\"b\r\nhello\r\n0\r\n\r\n",
                       "5\r\nhello\r\n0\r\nX : y\r\n\r\n",
                       "5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n"};

const std::string& pick(const Parts& parts, Dice& dice) {
  return parts[dice.below(dice.one_in(3) ? parts.size() : 3)];
}

std::string message(Message kind, const Parts& dictionary, Dice& dice) {
  std::string out =
      kind == Message::Request ? pick(kLines, dice) + pick(kHosts, dice) : pick(kStatus, dice);
  for (std::size_t i = dice.below(3); i > 0; --i) out += pick(kFields, dice);
  out += pick(kFraming, dice) + "\r\n" + pick(kBodies, dice);
  if (dice.one_in(2)) out = mutated(std::move(out), pick(kFields, dice), dictionary, dice);
  return out;
}

Parts dictionary_of_parts() {
  Parts out;
  for (const Parts* parts : {&kFields, &kFraming, &kBodies, &kHosts})
    out.insert(out.end(), parts->begin(), parts->end());
  for (const char* word :
       {"chunked", "\r\n", "\r\n\r\n", "close", "Content-Length", " ", "\t", "0"})
    out.emplace_back(word);
  return out;
}

class Comparison {
 public:
  void compare(const std::string& bytes, Message kind) {
    ++cases_;
    const Ours ours = ask_ours(bytes, kind);
    const Opinion oracle = ask_llhttp(bytes, kind);
    if (!ours.head_done || ours.says == Opinion::Says::Refused) {
      stricter_ += oracle.head_done && oracle.says != Opinion::Says::Refused ? 1 : 0;
      return;
    }
    if (oracle.says == Opinion::Says::Refused) {
      note(listed_class(oracle, ours, bytes, kind), "refused by llhttp: " + oracle.error, bytes);
      return;
    }
    ++both_;
    const char* what = difference(oracle, ours, kind);
    if (what != nullptr)
      note(listed_class(oracle, ours, bytes, kind), std::string("read otherwise: ") + what, bytes);
  }

  int finish(std::uint64_t seed) const {
    std::printf(
        "differential: seed=%llu cases=%llu both_accept=%llu we_are_stricter=%llu unlisted=%llu\n",
        static_cast<unsigned long long>(seed), cases_, both_, stricter_, unlisted_);
    for (const auto& [name, count] : listed_) std::printf("  %8llu %s\n", count, name.c_str());
    if (both_ == 0)
      std::printf("differential: nothing was accepted by both: the test tests nothing\n");
    return unlisted_ == 0 && both_ > 0 ? 0 : 1;
  }

 private:
  using Count = unsigned long long;
  void note(const char* listed, const std::string& what, const std::string& bytes) {
    if (listed != nullptr) {
      ++listed_[listed];
      return;
    }
    constexpr Count kMostShown = 10;
    if (++unlisted_ <= kMostShown)
      std::printf("accepted by us, %s\n    %s\n", what.c_str(), visible(bytes).c_str());
  }

  Count cases_ = 0;
  Count both_ = 0;
  Count stricter_ = 0;
  Count unlisted_ = 0;
  std::map<std::string, Count> listed_;
};

}  // namespace
}  // namespace slipway::fuzz

int main(int argc, char** argv) {
  using namespace slipway::fuzz;
  const char* text = std::getenv("SEED");
  const std::uint64_t seed =
      text == nullptr || *text == '\0' ? 1 : std::strtoull(text, nullptr, 10);
  const long cases = argc > 1 ? std::atol(argv[1]) : 5'000'000;
  Dice dice(seed);
  const std::vector<std::string> dictionary = dictionary_of_parts();
  Comparison comparison;
  for (long i = 0; i < cases; ++i) {
    const Message kind = dice.one_in(3) ? Message::Response : Message::Request;
    comparison.compare(message(kind, dictionary, dice), kind);
  }
  return comparison.finish(seed);
}

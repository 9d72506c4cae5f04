#pragma once
// The HTTP/1.1 message parser shared by the edge and the API server: RFC 9110 and RFC 9112 to the
// letter, nothing lenient that a second parser behind us could read differently. It reads from one
// contiguous buffer and allocates nothing: every view points into the caller's bytes and lives as
// long as they do. A head that is refused carries the status to answer and the rule it broke; the
// connection must then be closed, because where the next message begins is no longer known.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace slipway::http {

// Headers that the parser, the edge or the server must know by name; anything else is Other.
enum class Known : std::uint8_t {
  Other,
  Connection,
  ContentLength,
  Date,
  Expect,
  Forwarded,
  Host,
  KeepAlive,
  MaxForwards,
  ProxyAuthenticate,
  ProxyAuthorization,
  ProxyConnection,
  RetryAfter,
  Server,
  Te,
  Traceparent,
  Tracestate,
  Trailer,
  TransferEncoding,
  Upgrade,
  Via,
  XForwardedFor,
  XForwardedHost,
  XForwardedProto,
  XRequestId,
  XRequestStart,
};

struct Header {
  const char* at;  // first byte of the name
  std::uint32_t name_size;
  std::uint32_t value_offset;  // from `at`
  std::uint32_t value_size;
  Known known;
  std::string_view name() const { return {at, name_size}; }
  std::string_view value() const { return {at + value_offset, value_size}; }
};

inline constexpr std::size_t kMostHeaders = 100;

class Headers {
 public:
  Headers() = default;
  // A copy takes what is there and not the room behind it: heads are made anew for every message.
  Headers(const Headers& other) { *this = other; }
  Headers& operator=(const Headers& other) {
    size_ = other.size_;
    present_ = other.present_;
    for (std::size_t i = 0; i < size_; ++i) items_[i] = other.items_[i];
    return *this;
  }
  const Header* begin() const { return items_.data(); }
  const Header* end() const { return items_.data() + size_; }
  std::size_t size() const { return size_; }
  // The first with this name (letter case does not matter); nullptr when there is none.
  const Header* find(std::string_view name) const;
  const Header* find(Known known) const;
  bool has(Known known) const { return (present_ >> static_cast<unsigned>(known) & 1U) != 0; }
  std::string_view value_of(std::string_view name, std::string_view otherwise = {}) const;
  bool add(const Header& header);  // false when full

 private:
  std::size_t size_ = 0;
  std::uint32_t present_ = 0;               // a bit for each Known that is there
  std::array<Header, kMostHeaders> items_;  // deliberately not zeroed
};

struct Limits {
  std::size_t head_bytes = 32 * 1024;   // 431 beyond
  std::size_t headers = kMostHeaders;   // 431 beyond; at most kMostHeaders
  std::size_t target_bytes = 8 * 1024;  // 414 beyond
};

// Why a message is refused. `rule` names the section of the RFC, `reason` says it in words; both
// are literals, so a Problem may outlive the buffer.
struct Problem {
  int status = 0;  // 400, 414, 431, 501, 505 for requests; 502 for responses
  std::string_view rule;
  std::string_view reason;
};

// How the body of one message ends (RFC 9112 §6.3).
struct BodyFraming {
  enum class Kind : std::uint8_t { None, Length, Chunked, UntilClose };
  Kind kind = Kind::None;
  std::uint64_t length = 0;  // with Length
  bool has_body() const { return kind != Kind::None && !(kind == Kind::Length && length == 0); }
};

enum class TargetForm : std::uint8_t { Origin, Absolute, Authority, Asterisk };

struct RequestHead {
  std::string_view method;
  std::string_view target;  // exactly as sent
  TargetForm form = TargetForm::Origin;
  std::string_view path;   // "/a/b"; "*" for asterisk-form; "/" for an absolute-form without path
  std::string_view query;  // with its "?"; empty when there is none
  std::string_view
      host;  // effective host with port, as sent; from the target when absolute; empty only on 1.0
  int minor = 1;  // HTTP/1.<minor>
  BodyFraming framing;
  bool keep_alive = true;        // the client allows another request on this connection
  bool expect_continue = false;  // Expect: 100-continue, on 1.1 and with a body
  bool upgrade = false;          // Connection: upgrade with an Upgrade header, on 1.1; never h2c
  std::size_t size = 0;          // bytes up to and including the empty line
  Headers headers;
};

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  int minor = 1;
  BodyFraming framing;
  bool keep_alive = true;  // the server will read another request on this connection
  bool upgrade = false;
  std::size_t size = 0;
  Headers headers;
};

enum class Parsed : std::uint8_t { Complete, NeedMore, Refused };

template <class Head>
struct HeadOf {
  Parsed parsed = Parsed::NeedMore;
  Head head;        // with Complete
  Problem problem;  // with Refused
};
using HeadResult = HeadOf<RequestHead>;
using ResponseResult = HeadOf<ResponseHead>;

// The bytes must begin at the start of a message; what follows the head is left alone (body, or the
// next request). Call again with more bytes after NeedMore: nothing is remembered between calls.
HeadResult parse_request_head(std::string_view bytes, const Limits& limits = {});
Parsed parse_request_head(std::string_view bytes, const Limits& limits, RequestHead& head,
                          Problem& problem);

// `method` is the request's: it decides whether a body follows (HEAD).
ResponseResult parse_response_head(std::string_view bytes, std::string_view method,
                                   const Limits& limits = {});
Parsed parse_response_head(std::string_view bytes, std::string_view method, const Limits& limits,
                           ResponseHead& head, Problem& problem);

// Takes a chunked body apart, fed in any pieces (RFC 9112 §7.1). Extensions are checked and
// dropped, trailers are checked and dropped: nothing but content comes out.
class ChunkedDecoder {
 public:
  enum class Got : std::uint8_t { Content, NeedMore, Done, Bad };
  struct Piece {
    Got got = Got::NeedMore;
    std::string_view content;  // with Content: a view into the input
  };
  // Takes bytes off the front of `input`. Call until it says NeedMore (input is then empty), Done
  // (what is left in input is the next message) or Bad (problem() tells why).
  Piece next(std::string_view& input);
  bool done() const { return state_ == State::Done; }
  const Problem& problem() const { return problem_; }

 private:
  enum class State : std::uint8_t {
    SizeStart,
    Size,
    SizeSpace,
    ExtensionStart,
    ExtensionName,
    ExtensionNameSpace,
    ExtensionValueStart,
    ExtensionValue,
    ExtensionQuoted,
    ExtensionEscape,
    ExtensionEnd,
    ExtensionEndSpace,
    SizeLf,
    Content,
    ContentCr,
    ContentLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Done,
    Bad,
  };
  bool take(char c);
  bool take_size(char c);
  bool take_extension(char c);
  State after_extension(char c) const;
  State after_extension_part(char c) const;
  bool take_trailer(char c);
  bool take_end(char c);
  bool fail(std::string_view rule, std::string_view reason);

  State state_ = State::SizeStart;
  std::uint64_t size_ = 0;
  std::uint32_t digits_ = 0;
  std::uint32_t line_bytes_ = 0;       // of the chunk line or of all trailers, against the limits
  std::uint32_t extension_bytes_ = 0;  // over the whole body
  Problem problem_;
};

// True for names that must not travel to the next hop (RFC 9110 §7.6.1): Connection and what is
// about one connection only.
bool is_hop_by_hop(const Header& header);
// True when some Connection header names `header` as an option. Names that frame or route a message
// (Host, Content-Length, Transfer-Encoding, X-Forwarded-…) can not be nominated away.
bool is_nominated(const Headers& headers, const Header& header);
// Can any header be nominated at all? False for what nearly every Connection header says.
bool nominates(const Headers& headers);
// Does any Connection header carry this option ("close", "keep-alive", "upgrade")?
bool connection_has(const Headers& headers, std::string_view option);
// Is this a member of the comma list, whatever its letter case?
bool list_has(std::string_view list, std::string_view member);

bool equals_ignoring_case(std::string_view a, std::string_view b);
bool is_token(std::string_view text);
// Known reason phrases; "" for codes without one.
std::string_view reason_phrase(int status);
// GET, HEAD, OPTIONS, TRACE, PUT, DELETE (RFC 9110 §9.2.2).
bool is_idempotent(std::string_view method);

}  // namespace slipway::http

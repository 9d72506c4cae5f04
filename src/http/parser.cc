#include "http/parser.h"

#include <algorithm>
#include <cstring>

#include "http/bytes.h"

namespace slipway::http {
namespace {

constexpr int kBadRequest = 400;
constexpr int kTargetTooLong = 414;
constexpr int kHeadTooLarge = 431;
constexpr int kNotImplemented = 501;
constexpr int kVersionNotSupported = 505;
constexpr int kBadGateway = 502;
constexpr std::size_t kLongestMethod = 32;

// Reads a head line by line; the line's views exclude CRLF.
class Lines {
 public:
  Lines(std::string_view bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {}

  enum class Got { Line, NeedMore, TooLarge, BareLf };
  Got next(std::string_view& line) {
    const char* from = bytes_.data() + at_;
    const auto* lf = static_cast<const char*>(std::memchr(from, '\n', bytes_.size() - at_));
    if (lf == nullptr) return bytes_.size() > limits_.head_bytes ? Got::TooLarge : Got::NeedMore;
    const auto size = static_cast<std::size_t>(lf - from);
    if (at_ + size + 1 > limits_.head_bytes) return Got::TooLarge;
    if (size == 0 || from[size - 1] != '\r') return Got::BareLf;
    line = std::string_view(from, size - 1);
    at_ += size + 1;
    return Got::Line;
  }
  std::size_t at() const { return at_; }

 private:
  std::string_view bytes_;
  const Limits& limits_;
  std::size_t at_ = 0;
};

Parsed refuse(Problem& problem, int status, std::string_view rule, std::string_view reason) {
  problem = {status, rule, reason};
  return Parsed::Refused;
}

Parsed refuse_line(Lines::Got got, Problem& problem) {
  if (got == Lines::Got::NeedMore) return Parsed::NeedMore;
  if (got == Lines::Got::TooLarge)
    return refuse(problem, kHeadTooLarge, "RFC 6585 section 5",
                  "the head is larger than the limit");
  return refuse(problem, kBadRequest, "RFC 9112 section 2.2", "a line ends in LF without CR");
}

// "name: value" into `header`. Every byte is looked at once.
bool parse_field(std::string_view line, Header& header, Problem& problem) {
  if (is_ows(line[0])) {
    refuse(problem, kBadRequest, "RFC 9112 section 5.2", "a header line begins with white space");
    return false;
  }
  std::size_t name = 0;
  while (name < line.size() && is_token_char(line[name])) ++name;
  if (name == 0 || name == line.size() || line[name] != ':') {
    refuse(problem, kBadRequest, "RFC 9112 section 5.1",
           "a header name is not a token followed at once by a colon");
    return false;
  }
  std::size_t from = name + 1;
  std::size_t to = line.size();
  while (from < to && is_ows(line[from])) ++from;
  while (to > from && is_ows(line[to - 1])) --to;
  if (!are_field_chars(line.substr(from, to - from))) {
    refuse(problem, kBadRequest, "RFC 9110 section 5.5", "a header value has a control character");
    return false;
  }
  header = {line.data(), static_cast<std::uint32_t>(name), static_cast<std::uint32_t>(from),
            static_cast<std::uint32_t>(to - from), known_header(line.substr(0, name))};
  return true;
}

Parsed parse_fields(Lines& lines, const Limits& limits, Headers& headers, Problem& problem) {
  for (;;) {
    std::string_view line;
    const Lines::Got got = lines.next(line);
    if (got != Lines::Got::Line) return refuse_line(got, problem);
    if (line.empty()) return Parsed::Complete;
    Header header;
    if (!parse_field(line, header, problem)) return Parsed::Refused;
    if (headers.size() >= limits.headers || !headers.add(header))
      return refuse(problem, kHeadTooLarge, "RFC 6585 section 5",
                    "there are more headers than allowed");
  }
}

// What Content-Length and Transfer-Encoding say, each at most once.
struct LengthFields {
  const Header* content_length = nullptr;
  const Header* transfer_encoding = nullptr;
};

bool find_lengths(const Headers& headers, LengthFields& fields, Problem& problem) {
  if (!headers.has(Known::ContentLength) && !headers.has(Known::TransferEncoding)) return true;
  for (const Header& header : headers) {
    const bool length = header.known == Known::ContentLength;
    if (!length && header.known != Known::TransferEncoding) continue;
    const Header*& slot = length ? fields.content_length : fields.transfer_encoding;
    if (slot != nullptr) {
      refuse(problem, kBadRequest, "RFC 9112 section 6.3",
             length ? "Content-Length is given twice" : "Transfer-Encoding is given twice");
      return false;
    }
    slot = &header;
  }
  return true;
}

bool parse_length(std::string_view text, std::uint64_t& length) {
  constexpr std::size_t kMostDigits = 18;  // always fits, and no body is an exabyte
  if (text.empty() || text.size() > kMostDigits) return false;
  length = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return true;
}

// Sets `framing` from the two fields; `none` is what holds when neither is there.
Parsed frame(const LengthFields& fields, int minor, BodyFraming::Kind none, BodyFraming& framing,
             Problem& problem) {
  framing = {none, 0};
  if (fields.transfer_encoding != nullptr) {
    const std::string_view coding = fields.transfer_encoding->value();
    if (fields.content_length != nullptr)
      return refuse(problem, kBadRequest, "RFC 9112 section 6.1",
                    "both Transfer-Encoding and Content-Length are given");
    if (minor == 0)
      return refuse(problem, kBadRequest, "RFC 9112 section 6.1",
                    "Transfer-Encoding in an HTTP/1.0 message");
    if (equals_ignoring_case(coding, "chunked")) {
      framing.kind = BodyFraming::Kind::Chunked;
      return Parsed::Complete;
    }
    return refuse(problem, is_token(coding) ? kNotImplemented : kBadRequest, "RFC 9112 section 6.1",
                  "the only transfer coding understood is exactly \"chunked\"");
  }
  if (fields.content_length != nullptr) {
    framing.kind = BodyFraming::Kind::Length;
    if (!parse_length(fields.content_length->value(), framing.length))
      return refuse(problem, kBadRequest, "RFC 9112 section 6.3",
                    "Content-Length is not one decimal number");
  }
  return Parsed::Complete;
}

bool starts_http(std::string_view text) {
  return text.size() == 8 && text.substr(0, 5) == "HTTP/" && is_digit(text[5]) && text[6] == '.' &&
         is_digit(text[7]);
}

bool parse_version(std::string_view text, int& minor, Problem& problem) {
  if (!starts_http(text)) {
    refuse(problem, kBadRequest, "RFC 9112 section 2.3", "the version is not HTTP/<digit>.<digit>");
    return false;
  }
  if (text[5] != '1' || text[7] > '1') {
    refuse(problem, kVersionNotSupported, "RFC 9110 section 15.6.6",
           "only HTTP/1.1 and HTTP/1.0 are spoken here");
    return false;
  }
  minor = text[7] - '0';
  return true;
}

void split_path(std::string_view text, RequestHead& head) {
  const std::size_t mark = text.find('?');
  head.path = text.substr(0, mark);
  head.query = mark == std::string_view::npos ? std::string_view() : text.substr(mark);
  if (head.path.empty()) head.path = "/";
}

bool parse_absolute(std::string_view target, RequestHead& head, Problem& problem) {
  head.form = TargetForm::Absolute;
  const std::size_t scheme = target.find("://");
  const bool http =
      scheme != std::string_view::npos && (equals_ignoring_case(target.substr(0, scheme), "http") ||
                                           equals_ignoring_case(target.substr(0, scheme), "https"));
  const std::string_view rest = http ? target.substr(scheme + 3) : std::string_view();
  const std::size_t slash = rest.find_first_of("/?");
  head.host = rest.substr(0, slash);
  if (!http || !is_host(head.host)) {
    refuse(problem, kBadRequest, "RFC 9112 section 3.2.2",
           "the target is neither a path nor an http URI");
    return false;
  }
  // OPTIONS of the server itself (RFC 9112 section 3.2.4).
  const bool whole_server = slash == std::string_view::npos && head.method == "OPTIONS";
  if (whole_server) head.path = "*";
  if (!whole_server)
    split_path(slash == std::string_view::npos ? std::string_view("/") : rest.substr(slash), head);
  return true;
}

bool parse_target(RequestHead& head, Problem& problem) {
  const std::string_view target = head.target;
  for (char c : target) {
    if (!is_target_char(c)) {
      refuse(problem, kBadRequest, "RFC 9112 section 3.2",
             "the target has a character that no URI has");
      return false;
    }
  }
  if (head.method == "CONNECT") {
    head.form = TargetForm::Authority;
    refuse(problem, kNotImplemented, "RFC 9110 section 9.3.6", "CONNECT is not offered");
    return false;
  }
  if (target[0] == '/') {
    split_path(target, head);
    return true;
  }
  if (target == "*" && head.method == "OPTIONS") {
    head.form = TargetForm::Asterisk;
    head.path = target;
    return true;
  }
  return parse_absolute(target, head, problem);
}

bool parse_request_line(std::string_view line, const Limits& limits, RequestHead& head,
                        Problem& problem) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || line.find(' ', first + 1) != last ||
      first + 1 == last) {
    refuse(problem, kBadRequest, "RFC 9112 section 3",
           "the request line is not method, target and version");
    return false;
  }
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  if (!is_token(head.method)) {
    refuse(problem, kBadRequest, "RFC 9112 section 3.1", "the method is not a token");
    return false;
  }
  if (head.method.size() > kLongestMethod) {
    refuse(problem, kNotImplemented, "RFC 9112 section 3",
           "the method is longer than any known one");
    return false;
  }
  if (!parse_version(line.substr(last + 1), head.minor, problem)) return false;
  if (head.target.size() > limits.target_bytes) {
    refuse(problem, kTargetTooLong, "RFC 9112 section 3", "the target is longer than the limit");
    return false;
  }
  return parse_target(head, problem);
}

bool check_host(RequestHead& head, Problem& problem) {
  const Header* host = nullptr;
  for (const Header& header : head.headers) {
    if (header.known != Known::Host) continue;
    if (host != nullptr) {
      refuse(problem, kBadRequest, "RFC 9112 section 3.2", "Host is given twice");
      return false;
    }
    host = &header;
  }
  if (host == nullptr) {
    if (head.minor == 0) return true;
    refuse(problem, kBadRequest, "RFC 9112 section 3.2", "an HTTP/1.1 request needs a Host");
    return false;
  }
  if (!is_host(host->value())) {
    refuse(problem, kBadRequest, "RFC 9112 section 3.2",
           "Host is not a host name with an optional port");
    return false;
  }
  // RFC 9112 section 3.2.2: with an absolute-form target the received Host is ignored.
  if (head.form != TargetForm::Absolute) head.host = host->value();
  return true;
}

// An upgrade to h2c is never passed on: behind it the requests would no longer be seen by whoever
// reads this head. RFC 9110 section 7.8 lets a server ignore Upgrade; RFC 9113 took h2c out of it.
bool offers_upgrade(const Headers& headers) {
  if (!headers.has(Known::Upgrade)) return false;
  bool offered = false;
  for (const Header& header : headers) {
    if (header.known != Known::Upgrade) continue;
    offered = true;
    if (list_has(header.value(), "h2c")) return false;
  }
  return offered;
}

void read_request_options(RequestHead& head) {
  const bool close = connection_has(head.headers, "close");
  head.keep_alive = head.minor == 1 ? !close : !close && connection_has(head.headers, "keep-alive");
  if (head.minor == 0) return;
  const Header* expect = head.headers.find(Known::Expect);
  head.expect_continue = expect != nullptr && head.framing.has_body() &&
                         equals_ignoring_case(expect->value(), "100-continue");
  head.upgrade = offers_upgrade(head.headers) && connection_has(head.headers, "upgrade");
}

// The end of a head so far incomplete may already be known to be wrong: a first line that can not
// become a request line is refused without waiting for more.
bool hopeless_start(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size() && i < kLongestMethod; ++i) {
    if (bytes[i] == ' ') return i == 0;
    if (!is_token_char(bytes[i])) return true;
  }
  return false;
}

// One empty line in front of a request is skipped (RFC 9112 section 2.2).
std::size_t leading_empty_line(std::string_view bytes) {
  return bytes.substr(0, 2) == "\r\n" ? 2 : 0;
}

Parsed refuse_first_line(Lines::Got got, std::string_view rest, const Limits& limits,
                         Problem& problem) {
  if (rest != "\r" && hopeless_start(rest))
    return refuse(problem, kBadRequest, "RFC 9112 section 3.1", "the method is not a token");
  const std::size_t space = rest.find(' ');
  if (got != Lines::Got::BareLf && space != std::string_view::npos &&
      std::min(rest.find_first_of(" \n", space + 1), rest.size()) - space > limits.target_bytes + 1)
    return refuse(problem, kTargetTooLong, "RFC 9112 section 3",
                  "the target is longer than the limit");
  return refuse_line(got, problem);
}

}  // namespace

Parsed parse_request_head(std::string_view bytes, const Limits& limits, RequestHead& head,
                          Problem& problem) {
  head = RequestHead();
  const std::size_t skipped = leading_empty_line(bytes);
  const std::string_view rest = bytes.substr(skipped);
  Lines lines(rest, limits);
  std::string_view line;
  const Lines::Got got = lines.next(line);
  if (got != Lines::Got::Line) return refuse_first_line(got, rest, limits, problem);
  if (!parse_request_line(line, limits, head, problem)) return Parsed::Refused;
  if (const Parsed parsed = parse_fields(lines, limits, head.headers, problem);
      parsed != Parsed::Complete)
    return parsed;
  LengthFields fields;
  if (!check_host(head, problem) || !find_lengths(head.headers, fields, problem))
    return Parsed::Refused;
  if (frame(fields, head.minor, BodyFraming::Kind::None, head.framing, problem) != Parsed::Complete)
    return Parsed::Refused;
  read_request_options(head);
  head.size = skipped + lines.at();
  return Parsed::Complete;
}

HeadResult parse_request_head(std::string_view bytes, const Limits& limits) {
  HeadResult result;
  result.parsed = parse_request_head(bytes, limits, result.head, result.problem);
  return result;
}

namespace {

// "HTTP/1.1 200 OK"; the phrase may be missing, and with it the space before it.
bool parse_status_line(std::string_view line, ResponseHead& head, Problem& problem) {
  if (!parse_version(line.substr(0, 8), head.minor, problem)) return false;
  const bool shape = line.size() >= 12 && line[8] == ' ' && is_digit(line[9]) &&
                     is_digit(line[10]) && is_digit(line[11]) && line[9] != '0' &&
                     (line.size() == 12 || line[12] == ' ');
  if (!shape) {
    refuse(problem, kBadGateway, "RFC 9112 section 4",
           "the status line is not version, three digits and phrase");
    return false;
  }
  head.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  head.reason = line.size() > 13 ? line.substr(13) : std::string_view();
  if (are_field_chars(head.reason)) return true;
  refuse(problem, kBadGateway, "RFC 9112 section 4", "the reason phrase has a control character");
  return false;
}

bool never_has_body(int status, std::string_view method) {
  return method == "HEAD" || status < 200 || status == 204 || status == 304;
}

Parsed read_response(Lines& lines, std::string_view method, const Limits& limits,
                     ResponseHead& head, Problem& problem) {
  std::string_view line;
  const Lines::Got got = lines.next(line);
  if (got != Lines::Got::Line) return refuse_line(got, problem);
  if (!parse_status_line(line, head, problem)) return Parsed::Refused;
  if (const Parsed parsed = parse_fields(lines, limits, head.headers, problem);
      parsed != Parsed::Complete)
    return parsed;
  LengthFields fields;
  if (!find_lengths(head.headers, fields, problem)) return Parsed::Refused;
  if (frame(fields, head.minor, BodyFraming::Kind::UntilClose, head.framing, problem) !=
      Parsed::Complete)
    return Parsed::Refused;
  const bool framed = head.framing.kind == BodyFraming::Kind::Chunked ||
                      (head.framing.kind == BodyFraming::Kind::Length && head.framing.length > 0);
  if (head.status < 200 && framed)
    return refuse(problem, kBadGateway, "RFC 9112 section 6.3",
                  "an interim response announces a body");
  if (never_has_body(head.status, method)) head.framing = {};
  const bool close = connection_has(head.headers, "close");
  // A 204 that announces a body may be followed by it: nothing after it can be told apart.
  head.keep_alive = head.framing.kind != BodyFraming::Kind::UntilClose && !close &&
                    !(framed && head.status == 204 && method != "HEAD") &&
                    (head.minor == 1 || connection_has(head.headers, "keep-alive"));
  head.upgrade = head.headers.find(Known::Upgrade) != nullptr;
  head.size = lines.at();
  return Parsed::Complete;
}

}  // namespace

Parsed parse_response_head(std::string_view bytes, std::string_view method, const Limits& limits,
                           ResponseHead& head, Problem& problem) {
  head = ResponseHead();
  Lines lines(bytes, limits);
  const Parsed parsed = read_response(lines, method, limits, head, problem);
  // Whatever is wrong with a response is the upstream's fault: the client is told 502.
  if (parsed == Parsed::Refused) problem.status = kBadGateway;
  return parsed;
}

ResponseResult parse_response_head(std::string_view bytes, std::string_view method,
                                   const Limits& limits) {
  ResponseResult result;
  result.parsed = parse_response_head(bytes, method, limits, result.head, result.problem);
  return result;
}

}  // namespace slipway::http

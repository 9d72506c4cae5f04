#include "edge/log_line.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/assert.h"
#include "base/clock.h"
#include "http/parser.h"

namespace slipway::edge {
namespace {

constexpr std::size_t kMostMethod = 32;
constexpr std::size_t kMostHost = 255;
constexpr std::size_t kMostPath = 2048;
constexpr std::size_t kMostQuery = 2048;
constexpr std::size_t kMostId = 128;
constexpr std::size_t kMostAgent = 256;
constexpr std::size_t kMostReferer = 512;
constexpr std::size_t kMostKeptBuffer = 1024;
constexpr std::string_view kEndNames[] = {"complete",        "answered", "client_left",
                                          "upstream_failed", "timeout",  "cut"};

// Writes behind one another what is known to fit: the buffer has room for every byte escaped.
class Pen {
 public:
  explicit Pen(char* to) : at_(to) {}
  char* at() const { return at_; }
  template <std::size_t N>
  void key(const char (&text)[N]) {  // a literal: its copy is a few moves
    std::memcpy(at_, text, N - 1);
    at_ += N - 1;
  }
  void byte(char c) { *at_++ = c; }
  void text(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void number(std::uint64_t value) { at_ = std::to_chars(at_, at_ + kMostDigits, value).ptr; }
  void hex(std::uint64_t value, int digits) {
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
      byte("0123456789abcdef"[value >> shift & 0xf]);
  }
  void escaped(std::string_view text);

 private:
  static constexpr int kMostDigits = 20;
  char* at_;
};

constexpr std::size_t kMostEscape = 6;        // "\u00ff"
constexpr std::size_t kMostOfTheRest = 1024;  // keys, numbers, names

bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

// Whether each of eight bytes is_plain(). A borrow can only come from a byte that is not plain.
bool eight_plain(const char* at) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  constexpr std::uint64_t kTops = kOnes * 0x80;
  const auto zero_byte = [](std::uint64_t x) { return (x - kOnes) & ~x & kTops; };
  std::uint64_t eight = 0;
  std::memcpy(&eight, at, sizeof eight);
  const std::uint64_t beyond = (eight | (eight + kOnes)) & kTops;  // 0x7f and above
  const std::uint64_t below = (eight - kOnes * 0x20) & ~eight & kTops;
  return (beyond | below | zero_byte(eight ^ kOnes * '"') | zero_byte(eight ^ kOnes * '\\')) == 0;
}

// Bytes beyond ASCII come from strangers and need not be UTF-8: each is written as the character of
// that number, so that the line is JSON whatever was sent.
void Pen::escaped(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    if (i + 8 <= text.size() && eight_plain(text.data() + i)) {
      std::memcpy(at_, text.data() + i, 8);
      at_ += 8;
      i += 8;
      continue;
    }
    const char c = text[i++];
    if (is_plain(c)) {
      byte(c);
    } else if (c == '"' || c == '\\') {
      byte('\\');
      byte(c);
    } else {
      key("\\u00");
      hex(static_cast<unsigned char>(c), 2);
    }
  }
}

// `key` begins with what ends the member before it.
template <std::size_t N>
void member(const char (&key)[N], std::string_view text, Pen& pen) {
  pen.key(key);
  pen.byte('"');
  pen.escaped(text);
  pen.byte('"');
}

template <std::size_t N>
void member(const char (&key)[N], std::uint64_t number, Pen& pen) {
  pen.key(key);
  pen.number(number);
}

template <std::size_t N>
void optional_member(const char (&key)[N], std::string_view text, Pen& pen) {
  if (!text.empty()) member(key, text, pen);
}

void append_ip(const LogNumbers& numbers, Pen& pen) {
  constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (numbers.ip_size == 0) return;
  const std::uint8_t* v4 = numbers.ip_size == 4 ? numbers.ip.data() : nullptr;
  if (v4 == nullptr && std::memcmp(numbers.ip.data(), kMapped, sizeof kMapped) == 0)
    v4 = numbers.ip.data() + sizeof kMapped;
  if (v4 == nullptr) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (inet_ntop(AF_INET6, numbers.ip.data(), text.data(), text.size()) != nullptr)
      pen.text(text.data());
    return;
  }
  for (int i = 0; i < 4; ++i) {
    if (i > 0) pen.byte('.');
    pen.number(v4[i]);
  }
}

std::string_view protocol_name(std::uint8_t protocol) {
  if (protocol == kLoggedHttp2) return "HTTP/2";
  return protocol == kLoggedHttp10 ? "HTTP/1.0" : "HTTP/1.1";
}

void append_request(const LogEntry& entry, Pen& pen) {
  const LogNumbers& numbers = entry.numbers;
  pen.key("\",\"request_id\":\"");
  if (!entry.text(LogText::RequestId).empty()) {
    pen.escaped(entry.text(LogText::RequestId));
  } else if (numbers.made_id != 0) {
    pen.hex(numbers.made_id, 16);
    pen.hex(numbers.made_id_ms, 8);
  }
  pen.key("\",\"client\":\"");
  append_ip(numbers, pen);
  member("\",\"method\":", entry.text(LogText::Method), pen);
  member(",\"host\":", entry.text(LogText::Host), pen);
  member(",\"path\":", entry.text(LogText::Path), pen);
  optional_member(",\"query\":", entry.text(LogText::Query), pen);
  member(",\"protocol\":", protocol_name(numbers.protocol), pen);
  member(",\"scheme\":", numbers.secure ? "https" : "http", pen);
  optional_member(",\"tls\":", entry.text(LogText::Tls), pen);
}

void append_outcome(const LogEntry& entry, Pen& pen) {
  const LogNumbers& numbers = entry.numbers;
  member(",\"status\":", numbers.status, pen);
  member(",\"end\":", kEndNames[static_cast<std::size_t>(numbers.end)], pen);
  member(",\"bytes_in\":", numbers.bytes_in, pen);
  member(",\"bytes_out\":", numbers.bytes_out, pen);
  member(",\"duration_us\":", numbers.duration_us, pen);
  if (numbers.upstream_us > 0) member(",\"upstream_us\":", numbers.upstream_us, pen);
  optional_member(",\"service\":", entry.text(LogText::Service), pen);
  optional_member(",\"app\":", entry.text(LogText::App), pen);
  optional_member(",\"environment\":", entry.text(LogText::Environment), pen);
  optional_member(",\"release\":", entry.text(LogText::Release), pen);
  optional_member(",\"target\":", entry.text(LogText::Target), pen);
  if (numbers.attempts > 0) member(",\"attempts\":", numbers.attempts, pen);
  optional_member(",\"user_agent\":", entry.text(LogText::UserAgent), pen);
  optional_member(",\"referer\":", entry.text(LogText::Referer), pen);
}

}  // namespace

void RequestNote::add(LogText which, std::string_view text) {
  sizes_[static_cast<std::size_t>(which)] = static_cast<std::uint16_t>(text.size());
  bytes_.append(text);
}

// In the order of LogText, so that sizes alone tell where each begins.
void RequestNote::take(const http::RequestHead& head, bool with_query) {
  clear();
  std::string_view id;
  std::string_view agent;
  std::string_view referer;
  for (const http::Header& header : head.headers) {
    if (header.known == http::Known::XRequestId) {
      if (id.empty()) id = header.value();
    } else if (header.known == http::Known::Other) {
      if (header.name_size == 10 && http::equals_ignoring_case(header.name(), "user-agent"))
        agent = header.value();
      if (header.name_size == 7 && http::equals_ignoring_case(header.name(), "referer"))
        referer = header.value();
    }
  }
  std::string_view query = with_query ? head.query : std::string_view();
  if (!query.empty()) query.remove_prefix(1);  // "?"
  add(LogText::Method, head.method.substr(0, kMostMethod));
  add(LogText::Host, head.host.substr(0, kMostHost));
  add(LogText::Path, head.path.substr(0, kMostPath));
  add(LogText::Query, query.substr(0, kMostQuery));
  add(LogText::RequestId, id.substr(0, kMostId));
  add(LogText::UserAgent, agent.substr(0, kMostAgent));
  add(LogText::Referer, referer.substr(0, kMostReferer));
  protocol = head.minor == 0 ? kLoggedHttp10 : kLoggedHttp11;
}

void RequestNote::clear() {
  bytes_.clear();
  sizes_ = {};
  made_id = 0;
  made_id_ms = 0;
  protocol = kLoggedHttp11;
}

void RequestNote::put_into(LogEntry& entry) const {
  std::string_view rest = bytes_;
  for (std::size_t i = 0; i < kRequestTexts; ++i) {
    entry.texts[i] = rest.substr(0, sizes_[i]);
    rest.remove_prefix(sizes_[i]);
  }
  entry.numbers.made_id = made_id;
  entry.numbers.made_id_ms = made_id_ms;
  entry.numbers.protocol = protocol;
}

std::string RequestNote::take_buffer() {
  std::string buffer = std::move(bytes_);
  if (buffer.capacity() > kMostKeptBuffer) std::string().swap(buffer);
  buffer.clear();
  bytes_.clear();
  return buffer;
}

// The numbers, the sizes of the texts, the texts.
std::size_t record_size(const LogEntry& entry) {
  std::size_t size = sizeof(LogNumbers) + kLogTexts * sizeof(std::uint16_t);
  for (std::string_view text : entry.texts) size += std::min(text.size(), kMostPath);
  return size;
}

void write_record(const LogEntry& entry, char* to) {
  std::memcpy(to, &entry.numbers, sizeof(LogNumbers));
  char* sizes = to + sizeof(LogNumbers);
  char* texts = sizes + kLogTexts * sizeof(std::uint16_t);
  for (std::size_t i = 0; i < kLogTexts; ++i) {
    const auto size = static_cast<std::uint16_t>(std::min(entry.texts[i].size(), kMostPath));
    std::memcpy(sizes + i * sizeof size, &size, sizeof size);
    if (size > 0) std::memcpy(texts, entry.texts[i].data(), size);
    texts += size;
  }
}

LogEntry read_record(std::string_view record) {
  LogEntry entry;
  constexpr std::size_t kFixed = sizeof(LogNumbers) + kLogTexts * sizeof(std::uint16_t);
  ASSERT(record.size() >= kFixed);
  std::memcpy(&entry.numbers, record.data(), sizeof(LogNumbers));
  std::string_view rest = record.substr(kFixed);
  for (std::size_t i = 0; i < kLogTexts; ++i) {
    std::uint16_t size = 0;
    std::memcpy(&size, record.data() + sizeof(LogNumbers) + i * sizeof size, sizeof size);
    ASSERT(size <= rest.size());
    entry.texts[i] = rest.substr(0, size);
    rest.remove_prefix(size);
  }
  return entry;
}

void LineWriter::append(const LogEntry& entry, std::string& out) {
  constexpr std::size_t kSecondsText = 19;  // "2026-11-21T09:40:00"
  const std::uint64_t second = entry.numbers.time_ms / 1000;
  if (second != second_) {
    second_ = second;
    second_text_ = to_iso8601(from_unix_ms(static_cast<std::int64_t>(second * 1000)));
    second_text_.resize(kSecondsText);
  }
  std::size_t most = kMostOfTheRest;
  for (std::string_view text : entry.texts) most += text.size() * kMostEscape;
  if (most > size_) {
    buffer_.reset(new char[most]);
    size_ = most;
  }
  Pen pen(buffer_.get());
  const auto millis = static_cast<unsigned>(entry.numbers.time_ms % 1000);
  pen.key("{\"time\":\"");
  pen.text(second_text_);
  pen.byte('.');
  pen.byte(static_cast<char>('0' + millis / 100));
  pen.byte(static_cast<char>('0' + millis / 10 % 10));
  pen.byte(static_cast<char>('0' + millis % 10));
  pen.byte('Z');
  append_request(entry, pen);
  append_outcome(entry, pen);
  pen.key("}\n");
  out.append(buffer_.get(), pen.at());
}

}  // namespace slipway::edge

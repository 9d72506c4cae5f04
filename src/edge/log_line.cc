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
constexpr const char* kEndNames[] = {"complete",        "answered", "client_left",
                                     "upstream_failed", "timeout",  "cut"};

void append_number(std::uint64_t value, std::string& out) {
  std::array<char, 24> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), static_cast<std::size_t>(end - text.data()));
}

void append_hex(std::uint64_t value, int digits, std::string& out) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
    out.push_back("0123456789abcdef"[value >> shift & 0xf]);
}

bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

// Bytes beyond ASCII come from strangers and need not be UTF-8: each is written as the character of
// that number, so that the line is JSON whatever was sent.
void append_escaped(std::string_view text, std::string& out) {
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_plain(text[i])) continue;
    out.append(text, from, i - from);
    if (text[i] == '"' || text[i] == '\\') {
      out.push_back('\\');
      out.push_back(text[i]);
    } else {
      out.append("\\u00");
      append_hex(static_cast<unsigned char>(text[i]), 2, out);
    }
    from = i + 1;
  }
  out.append(text, from);
}

// `key` with its quotes and colon, as it stands in the line.
void member(std::string_view key, std::string_view text, std::string& out) {
  out.append(key).push_back('"');
  append_escaped(text, out);
  out.push_back('"');
}

void member(std::string_view key, std::uint64_t number, std::string& out) {
  out.append(key);
  append_number(number, out);
}

void optional_member(std::string_view key, std::string_view text, std::string& out) {
  if (!text.empty()) member(key, text, out);
}

void append_ip(const LogNumbers& numbers, std::string& out) {
  constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (numbers.ip_size == 0) return;
  const std::uint8_t* v4 = numbers.ip_size == 4 ? numbers.ip.data() : nullptr;
  if (v4 == nullptr && std::memcmp(numbers.ip.data(), kMapped, sizeof kMapped) == 0)
    v4 = numbers.ip.data() + sizeof kMapped;
  if (v4 == nullptr) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (inet_ntop(AF_INET6, numbers.ip.data(), text.data(), text.size()) != nullptr)
      out.append(text.data());
    return;
  }
  for (int i = 0; i < 4; ++i) {
    if (i > 0) out.push_back('.');
    append_number(v4[i], out);
  }
}

std::string_view protocol_name(std::uint8_t protocol) {
  if (protocol == 20) return "HTTP/2";
  return protocol == 10 ? "HTTP/1.0" : "HTTP/1.1";
}

void append_request(const LogEntry& entry, std::string& out) {
  const LogNumbers& numbers = entry.numbers;
  out.append("\",\"request_id\":\"");
  if (!entry.text(LogText::RequestId).empty()) {
    append_escaped(entry.text(LogText::RequestId), out);
  } else if (numbers.made_id != 0) {
    append_hex(numbers.made_id, 16, out);
    append_hex(numbers.made_id_ms, 8, out);
  }
  out.append("\",\"client\":\"");
  append_ip(numbers, out);
  member("\",\"method\":", entry.text(LogText::Method), out);
  member(",\"host\":", entry.text(LogText::Host), out);
  member(",\"path\":", entry.text(LogText::Path), out);
  optional_member(",\"query\":", entry.text(LogText::Query), out);
  member(",\"protocol\":", protocol_name(numbers.protocol), out);
  member(",\"scheme\":", numbers.secure ? "https" : "http", out);
  optional_member(",\"tls\":", entry.text(LogText::Tls), out);
}

void append_outcome(const LogEntry& entry, std::string& out) {
  const LogNumbers& numbers = entry.numbers;
  member(",\"status\":", numbers.status, out);
  member(",\"end\":", kEndNames[static_cast<std::size_t>(numbers.end)], out);
  member(",\"bytes_in\":", numbers.bytes_in, out);
  member(",\"bytes_out\":", numbers.bytes_out, out);
  member(",\"duration_us\":", numbers.duration_us, out);
  if (numbers.upstream_us > 0) member(",\"upstream_us\":", numbers.upstream_us, out);
  optional_member(",\"service\":", entry.text(LogText::Service), out);
  optional_member(",\"app\":", entry.text(LogText::App), out);
  optional_member(",\"environment\":", entry.text(LogText::Environment), out);
  optional_member(",\"release\":", entry.text(LogText::Release), out);
  optional_member(",\"target\":", entry.text(LogText::Target), out);
  if (numbers.attempts > 0) member(",\"attempts\":", numbers.attempts, out);
  optional_member(",\"user_agent\":", entry.text(LogText::UserAgent), out);
  optional_member(",\"referer\":", entry.text(LogText::Referer), out);
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
  protocol = head.minor == 0 ? 10 : 11;
}

void RequestNote::clear() {
  bytes_.clear();
  sizes_ = {};
  made_id = 0;
  made_id_ms = 0;
  protocol = 11;
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
  const auto millis = static_cast<unsigned>(entry.numbers.time_ms % 1000);
  out.append("{\"time\":\"").append(second_text_).push_back('.');
  out.push_back(static_cast<char>('0' + millis / 100));
  out.push_back(static_cast<char>('0' + millis / 10 % 10));
  out.push_back(static_cast<char>('0' + millis % 10));
  out.push_back('Z');
  append_request(entry, out);
  append_outcome(entry, out);
  out.append("}\n");
}

}  // namespace slipway::edge

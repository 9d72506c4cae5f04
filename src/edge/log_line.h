#pragma once
// One line of the access log: what a worker notes of a request, how that travels to the writer as
// bytes, and the JSON it becomes (docs/edge.md lists the members). Pure.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace slipway::http {
struct RequestHead;
}

namespace slipway::edge {

// How a request ended for its client.
enum class LogEnd : std::uint8_t {
  Complete,        // the whole answer of a target was given
  Answered,        // the edge answered by itself
  ClientLeft,      // the client closed before the answer was whole
  UpstreamFailed,  // no usable answer could be had, or it broke off
  Timeout,         // a time limit ended it
  Cut,             // the edge ended it: a drain's deadline, or its own stop
};

enum class LogText : std::uint8_t {
  Method,
  Host,
  Path,
  Query,
  RequestId,
  UserAgent,
  Referer,
  Service,
  App,
  Environment,
  Release,
  Target,
  Tls,
};
inline constexpr std::size_t kLogTexts = 13;
inline constexpr std::size_t kRequestTexts = 7;  // the first: those of the request itself

inline constexpr std::uint8_t kLoggedHttp10 = 10;
inline constexpr std::uint8_t kLoggedHttp11 = 11;
inline constexpr std::uint8_t kLoggedHttp2 = 20;

struct LogNumbers {
  std::uint64_t time_ms = 0;  // when the request began, since 1970
  std::uint64_t duration_us = 0;
  std::uint64_t upstream_us = 0;  // until the head of the answer; 0: there was none
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t made_id = 0;  // the id the edge made, when the request brought none
  std::uint32_t made_id_ms = 0;
  std::uint16_t status = 0;
  std::uint8_t attempts = 0;
  std::uint8_t protocol = kLoggedHttp11;
  LogEnd end = LogEnd::Complete;
  bool secure = false;
  std::uint8_t ip_size = 0;  // 4, 16; 0: not known
  std::array<std::uint8_t, 16> ip{};
};

struct LogEntry {
  LogNumbers numbers;
  std::array<std::string_view, kLogTexts> texts{};
  std::string_view& text(LogText which) { return texts[static_cast<std::size_t>(which)]; }
  std::string_view text(LogText which) const { return texts[static_cast<std::size_t>(which)]; }
};

// What is kept of a request's head until its line is written: each text cut at a limit, one behind
// the other in one buffer that serves the next request too.
class RequestNote {
 public:
  void take(const http::RequestHead& head, bool with_query);
  void clear();
  void put_into(LogEntry& entry) const;
  // The buffer may serve again, but not when one request made it large.
  std::string take_buffer();
  void give_buffer(std::string buffer) { bytes_ = std::move(buffer); }
  std::uint64_t made_id = 0;
  std::uint32_t made_id_ms = 0;
  std::uint8_t protocol = kLoggedHttp11;

 private:
  void add(LogText which, std::string_view text);
  std::string bytes_;
  std::array<std::uint16_t, kRequestTexts> sizes_{};
};

std::size_t record_size(const LogEntry& entry);
void write_record(const LogEntry& entry, char* to);
// The texts point into the record.
LogEntry read_record(std::string_view record);

// Turns entries into lines. Remembers the text of the last second, which most lines share.
class LineWriter {
 public:
  void append(const LogEntry& entry, std::string& out);

 private:
  std::uint64_t second_ = UINT64_MAX;
  std::string second_text_;
  std::unique_ptr<char[]> buffer_;  // one line
  std::size_t size_ = 0;
};

}  // namespace slipway::edge

#include "http/client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.h"
#include "http/parser.h"
#include "io/clock.h"
#include "io/poll.h"

namespace slipway::http {
namespace {
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kMostLine = 4 * 1024 * 1024;

Millis now() { return Millis(io::monotonic_us() / 1000); }

std::string request_bytes(const Call& call, const std::string& host) {
  std::string bytes = call.method + " " + call.target + " HTTP/1.1\r\n";
  if (field_value(call.fields, "Host").empty()) bytes += "Host: " + host + "\r\n";
  for (const Field& field : call.fields) bytes += field.name + ": " + field.value + "\r\n";
  if (!call.body.empty() || call.method == "POST" || call.method == "PUT" ||
      call.method == "PATCH") {
    bytes += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
  }
  return bytes + "Connection: close\r\n\r\n" + call.body;
}

// One answer read from one connection: its head, then its body piece by piece.
class Exchange {
 public:
  Exchange(io::Fd fd, const Call& call, const std::string& name)
      : fd_(std::move(fd)), call_(call), name_(name) {}

  Result<void> send(const std::string& bytes, Millis deadline) {
    auto written = io::write_all(fd_.get(), bytes, deadline - now());
    // A server may answer and close before it has read everything (413): its answer counts then.
    if (written || written.error().code == Code::ConnectionLost) return ok();
    return written.error().in(asked());
  }

  Result<Response> read_head(Millis deadline) {
    for (;;) {
      const ResponseResult result = parse_response_head(in_, call_.method);
      if (result.parsed == Parsed::Refused) {
        return Error(Code::Malformed,
                     asked() + ": the answer is not HTTP: " + std::string(result.problem.reason));
      }
      if (result.parsed == Parsed::Complete) {
        Response response = taken(result.head);
        in_.erase(0, result.head.size);
        if (response.status >= 200) return response;
        continue;  // 1xx: the answer itself follows
      }
      if (!TRY(fill(deadline))) {
        return Error(
            Code::ConnectionLost,
            asked() + (in_.empty() ? ": the connection ended without an answer"
                                   : ": the connection ended in the middle of the answer"));
      }
    }
  }

  // The next bytes of the body; empty: it is complete.
  Result<std::string> read_body(Millis deadline) {
    for (;;) {
      std::string piece = TRY(take_piece());
      if (!piece.empty() || complete_) return piece;
      if (TRY(fill(deadline))) continue;
      if (framing_.kind == BodyFraming::Kind::UntilClose) {
        complete_ = true;
        return std::string();
      }
      return Error(Code::ConnectionLost,
                   asked() + ": the connection ended before the answer was complete");
    }
  }

 private:
  std::string asked() const { return call_.method + " " + call_.target + " of " + name_; }

  Response taken(const ResponseHead& head) {
    Response response;
    response.status = head.status;
    for (const Header& header : head.headers) {
      response.fields.push_back({std::string(header.name()), std::string(header.value())});
    }
    framing_ = head.framing;
    left_ = framing_.length;
    complete_ = !framing_.has_body();
    return response;
  }

  Result<std::string> take_piece() {
    std::string piece;
    if (framing_.kind == BodyFraming::Kind::Chunked) {
      std::string_view input = in_;
      for (;;) {
        const auto next = decoder_.next(input);
        if (next.got == ChunkedDecoder::Got::Bad) {
          return Error(Code::Malformed, asked() + ": " + std::string(decoder_.problem().reason));
        }
        complete_ = next.got == ChunkedDecoder::Got::Done;
        if (next.got != ChunkedDecoder::Got::Content) break;
        piece += next.content;
      }
      in_.clear();
      return piece;
    }
    std::size_t take = in_.size();
    if (framing_.kind == BodyFraming::Kind::Length) {
      take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, take));
      left_ -= take;
      complete_ = left_ == 0;
    }
    piece.assign(in_, 0, take);
    in_.clear();
    return piece;
  }

  // False: the other side has closed.
  Result<bool> fill(Millis deadline) {
    for (;;) {
      if (!TRY(io::wait_ready(fd_.get(), POLLIN, deadline - now()))) {
        return Error(Code::Timeout, asked() + ": no answer within " +
                                        std::to_string(call_.timeout.count()) + " ms");
      }
      const std::size_t before = in_.size();
      in_.resize(before + kReadBytes);
      const ssize_t count = ::recv(fd_.get(), in_.data() + before, kReadBytes, MSG_DONTWAIT);
      in_.resize(before + (count > 0 ? static_cast<std::size_t>(count) : 0));
      if (count >= 0) return count > 0;
      if (errno == EAGAIN || errno == EINTR) continue;
      if (errno == ECONNRESET) return false;
      return from_errno(errno, asked());
    }
  }

  io::Fd fd_;
  const Call& call_;
  const std::string& name_;
  std::string in_;
  BodyFraming framing_;
  std::uint64_t left_ = 0;
  bool complete_ = false;
  ChunkedDecoder decoder_;
};

Result<void> read_all(Exchange& exchange, const Call& call, Millis deadline, std::string& body) {
  for (;;) {
    const std::string piece = TRY(exchange.read_body(deadline));
    if (piece.empty()) return ok();
    body += piece;
    if (body.size() > call.max_body) {
      return Error(Code::TooLarge, call.method + " " + call.target +
                                       ": the answer is larger than " +
                                       std::to_string(call.max_body) + " bytes");
    }
  }
}

enum class More { Yes, No };

More give_lines(std::string& waiting, const Client::OnLine& on_line) {
  std::size_t from = 0;
  for (;;) {
    const auto end = waiting.find('\n', from);
    if (end == std::string::npos) break;
    std::string_view line(waiting.data() + from, end - from);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    from = end + 1;
    if (!on_line(line)) return More::No;
  }
  waiting.erase(0, from);
  return More::Yes;
}
}  // namespace

Client Client::on_unix(std::string path) {
  Client client;
  client.name_ = path;
  client.path_ = std::move(path);
  return client;
}

Client Client::on_tcp(std::string host, int port) {
  Client client;
  const bool six = host.find(':') != std::string::npos;
  client.name_ = (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
  client.host_ = std::move(host);
  client.port_ = port;
  return client;
}

Result<io::Fd> Client::connect(Millis timeout) const {
  if (!path_.empty()) return io::connect_unix(path_, timeout);
  return io::connect_tcp({host_, port_}, timeout);
}

Result<Response> Client::request(const Call& call, Sent* sent) const {
  if (sent != nullptr) *sent = Sent::Nothing;
  const Millis deadline = now() + call.timeout;
  Exchange exchange(TRY(connect(call.timeout)), call, name_);
  if (sent != nullptr) *sent = Sent::Maybe;
  TRY(exchange.send(request_bytes(call, path_.empty() ? name_ : "localhost"), deadline));
  Response response = TRY(exchange.read_head(deadline));
  TRY(read_all(exchange, call, deadline, response.body));
  return response;
}

Result<Response> Client::stream(const Call& call, const OnLine& on_line, Sent* sent) const {
  if (sent != nullptr) *sent = Sent::Nothing;
  Exchange exchange(TRY(connect(call.timeout)), call, name_);
  if (sent != nullptr) *sent = Sent::Maybe;
  TRY(exchange.send(request_bytes(call, path_.empty() ? name_ : "localhost"),
                    now() + call.timeout));
  Response response = TRY(exchange.read_head(now() + call.timeout));
  if (response.status < 200 || response.status > 299) {
    TRY(read_all(exchange, call, now() + call.timeout, response.body));
    return response;
  }
  std::string waiting;
  for (;;) {
    const std::string piece = TRY(exchange.read_body(now() + call.timeout));
    waiting += piece;
    if (piece.empty() && !waiting.empty()) waiting += '\n';
    if (give_lines(waiting, on_line) == More::No || piece.empty()) return response;
    if (waiting.size() > kMostLine) {
      return Error(Code::TooLarge, call.target + " of " + name_ + ": a line without an end");
    }
  }
}

}  // namespace slipway::http

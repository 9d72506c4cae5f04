#include "http/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/json.h"

namespace slipway::http {
namespace {
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kMostLingered = 4 * 1024 * 1024;
constexpr Millis kLinger{1000};

bool has_no_body(int status) { return status == 204 || status == 304; }
}  // namespace

Connection::Connection(Server& server, io::Fd fd) : server_(&server), fd_(std::move(fd)) {}
Connection::~Connection() { close(); }

Result<void> Connection::start() {
  remote_ = io::peer_address(fd_.get());
  if (remote_.empty()) {
    if (auto peer = io::peer_of(fd_.get())) peer_ = *peer;
  } else {
    io::set_nodelay(fd_.get());
  }
  events_ = EPOLLIN;
  set_deadline(server_->limits_.idle_time);
  return server_->loop_.add(fd_.get(), events_, io::Trigger::Level,
                            [this](std::uint32_t events) { on_ready(events); });
}

void Connection::close() {
  if (server_ == nullptr) return;
  const auto self = weak_from_this().lock();  // kept alive while the server forgets it
  Server* server = std::exchange(server_, nullptr);
  server->loop_.cancel(timer_);
  server->loop_.remove(fd_.get());
  const int fd = fd_.get();
  fd_.reset();
  server->forget(fd);
  if (const auto callback = std::exchange(on_closed_, nullptr)) callback();
}

void Connection::on_ready(std::uint32_t events) {
  const auto self = shared_from_this();
  if ((events & EPOLLOUT) != 0) flush();
  if ((events & EPOLLRDHUP) != 0) close();
  if (server_ != nullptr && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive();
  if (server_ != nullptr) watch_events();
}

void Connection::receive() {
  const std::size_t before = in_.size();
  in_.resize(before + kReadBytes);
  const ssize_t count = ::recv(fd_.get(), in_.data() + before, kReadBytes, 0);
  in_.resize(before + (count > 0 ? static_cast<std::size_t>(count) : 0));
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return close();
  if (state_ == State::Lingering) {
    lingered_ += in_.size();
    in_.clear();
    if (lingered_ > kMostLingered) close();
    return;
  }
  // The clock of a head runs from its first byte.
  if (state_ == State::Head && before == 0) set_deadline(server_->limits_.head_time);
  if (state_ == State::Body) set_deadline(server_->limits_.body_time);
  advance();
}

void Connection::advance() {
  if (advancing_) return;
  const auto self = shared_from_this();
  advancing_ = true;
  Step step = Step::Again;
  while (step == Step::Again && server_ != nullptr) {
    if (state_ == State::Head) {
      step = take_head();
    } else if (state_ == State::Body) {
      step = take_body();
    } else {
      step = Step::Wait;
    }
  }
  advancing_ = false;
}

Connection::Step Connection::take_head() {
  if (in_.empty()) return Step::Wait;
  Limits limits;
  limits.head_bytes = server_->limits_.head_bytes;
  const HeadResult result = parse_request_head(in_, limits);
  if (result.parsed == Parsed::NeedMore) return Step::Wait;
  if (result.parsed == Parsed::Refused) {
    refuse(result.problem.status, result.problem.reason);
    return Step::Wait;
  }
  take_request(result.head);
  const bool expects = result.head.expect_continue;
  in_.erase(0, result.head.size);
  if (framing_.kind == BodyFraming::Kind::Length && framing_.length > server_->limits_.body_bytes) {
    refuse(413,
           "the body is larger than " + std::to_string(server_->limits_.body_bytes) + " bytes");
    return Step::Wait;
  }
  if (!framing_.has_body()) {
    hand_over();
    return Step::Again;
  }
  state_ = State::Body;
  set_deadline(server_->limits_.body_time);
  if (expects) {
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    flush();
  }
  return Step::Again;
}

void Connection::take_request(const RequestHead& head) {
  request_ = Request();
  request_.method = head.method;
  request_.target = head.target;
  request_.path = head.path;
  request_.query = head.query.empty() ? head.query : head.query.substr(1);
  for (const Header& header : head.headers) {
    request_.fields.push_back({std::string(header.name()), std::string(header.value())});
  }
  request_.remote = remote_;
  request_.peer = peer_;
  keep_alive_ = head.keep_alive;
  minor_ = head.minor;
  framing_ = head.framing;
  decoder_ = ChunkedDecoder();
}

Connection::Step Connection::take_body() {
  if (framing_.kind == BodyFraming::Kind::Length) {
    const std::size_t missing = static_cast<std::size_t>(framing_.length) - request_.body.size();
    const std::size_t take = std::min(missing, in_.size());
    request_.body.append(in_, 0, take);
    in_.erase(0, take);
    if (take < missing) return Step::Wait;
    hand_over();
    return Step::Again;
  }
  std::string_view input = in_;
  for (;;) {
    const auto piece = decoder_.next(input);
    if (piece.got == ChunkedDecoder::Got::Content) {
      request_.body += piece.content;
      if (request_.body.size() <= server_->limits_.body_bytes) continue;
      refuse(413,
             "the body is larger than " + std::to_string(server_->limits_.body_bytes) + " bytes");
      return Step::Wait;
    }
    if (piece.got == ChunkedDecoder::Got::Bad) {
      refuse(400, decoder_.problem().reason);
      return Step::Wait;
    }
    in_.erase(0, in_.size() - input.size());
    if (piece.got == ChunkedDecoder::Got::NeedMore) return Step::Wait;
    hand_over();
    return Step::Again;
  }
}

void Connection::hand_over() {
  state_ = State::Answering;
  set_deadline(Millis(0));
  // The request is moved out: the next one may be read while the callback still looks at this one.
  const Request request = std::move(request_);
  request_ = Request();
  request_.method = request.method;
  server_->on_request_(request, std::make_shared<Responder>(weak_from_this()));
}

void Connection::refuse(int status, std::string_view why) {
  if (state_ == State::Head) request_ = Request();  // what is there is the request before
  keep_alive_ = false;
  state_ = State::Answering;
  answer(status, Json::object().set("error", Json::object().set("what", why)).dump() + "\n",
         "application/json", {});
}

void Connection::answer(int status, std::string_view body, std::string_view content_type,
                        const Fields& fields) {
  std::string framing;
  if (!has_no_body(status)) framing = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  queue_head(status, content_type, fields, framing);
  if (request_.method != "HEAD" && !has_no_body(status)) out_ += body;
  finish_answer();
}

void Connection::queue_head(int status, std::string_view content_type, const Fields& fields,
                            std::string_view framing) {
  out_ += "HTTP/1.1 " + std::to_string(status) + " ";
  out_ += reason_phrase(status);
  out_ += "\r\n";
  if (!content_type.empty() && !has_no_body(status)) {
    out_ += "Content-Type: ";
    out_ += content_type;
    out_ += "\r\n";
  }
  for (const Field& field : fields) out_ += field.name + ": " + field.value + "\r\n";
  out_ += framing;
  if (!keep_alive_) {
    out_ += "Connection: close\r\n";
  } else if (minor_ == 0) {
    out_ += "Connection: keep-alive\r\n";
  }
  out_ += "\r\n";
}

void Connection::begin_stream(int status, std::string_view content_type, const Fields& fields) {
  chunked_ = minor_ >= 1;
  if (!chunked_) keep_alive_ = false;  // its end is the end of the connection
  queue_head(status, content_type, fields, chunked_ ? "Transfer-Encoding: chunked\r\n" : "");
  flush();
  if (server_ != nullptr) watch_events();
}

bool Connection::stream_bytes(std::string_view bytes) {
  if (server_ == nullptr) return false;
  if (bytes.empty() || request_.method == "HEAD") return true;
  if (waiting() + bytes.size() > server_->limits_.stream_backlog) {
    close();
    return false;
  }
  const auto self = shared_from_this();
  if (chunked_) {
    char size[20];
    const auto end = std::to_chars(size, size + sizeof(size), bytes.size(), 16).ptr;
    out_.append(size, end).append("\r\n").append(bytes).append("\r\n");
  } else {
    out_ += bytes;
  }
  flush();
  if (server_ != nullptr) watch_events();
  return server_ != nullptr;
}

void Connection::end_stream() {
  if (server_ == nullptr) return;
  if (chunked_ && request_.method != "HEAD") out_ += "0\r\n\r\n";
  finish_answer();
}

void Connection::finish_answer() {
  const auto self = shared_from_this();
  on_closed_ = nullptr;
  if (keep_alive_) {
    state_ = State::Head;
    set_deadline(in_.empty() ? server_->limits_.idle_time : server_->limits_.head_time);
  } else {
    state_ = State::Lingering;
  }
  flush();
  if (server_ == nullptr) return;
  advance();
  if (server_ != nullptr) watch_events();
}

void Connection::flush() {
  bool moved = false;
  while (waiting() > 0) {
    const ssize_t count = ::send(fd_.get(), out_.data() + out_sent_, waiting(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      // The write clock starts with the first byte left over, and again with each one taken.
      if (moved || (events_ & EPOLLOUT) == 0) set_deadline(server_->limits_.write_time);
      return;
    }
    if (count < 0) return close();
    out_sent_ += static_cast<std::size_t>(count);
    moved = true;
  }
  out_.clear();
  out_sent_ = 0;
  if (state_ == State::Lingering) return linger();
  if (moved && state_ == State::Answering) set_deadline(Millis(0));
  if (moved && state_ == State::Head) {
    set_deadline(in_.empty() ? server_->limits_.idle_time : server_->limits_.head_time);
  }
}

// A socket closed with unread bytes in it resets the connection, and the client might lose the
// answer: the write side is closed first and what still comes is dropped for a moment.
void Connection::linger() {
  ::shutdown(fd_.get(), SHUT_WR);
  in_.clear();
  set_deadline(kLinger);
}

void Connection::watch_events() {
  std::uint32_t wanted = EPOLLIN;
  // A client that sends ahead is left in the kernel's buffer until its turn comes.
  if (state_ == State::Answering && in_.size() >= kReadBytes) wanted = EPOLLRDHUP;
  if (waiting() > 0) wanted |= EPOLLOUT;
  if (wanted == events_) return;
  events_ = wanted;
  server_->loop_.change(fd_.get(), wanted);
}

void Connection::set_deadline(Millis delay) {
  server_->loop_.cancel(timer_);
  timer_ = delay.count() == 0 ? 0 : server_->loop_.after(delay, [this] { on_deadline(); });
}

void Connection::on_deadline() {
  const auto self = shared_from_this();
  timer_ = 0;
  const bool asks = (state_ == State::Head && !in_.empty()) || state_ == State::Body;
  if (!asks || waiting() > 0) return close();
  refuse(408, "the request did not arrive in time");
  if (server_ != nullptr) watch_events();
}

void Connection::set_on_closed(std::function<void()> callback) {
  if (server_ == nullptr) return callback();
  on_closed_ = std::move(callback);
}

}  // namespace slipway::http

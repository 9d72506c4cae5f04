#include "tests/integration/edge/harness.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "http/client.h"
#include "http/parser.h"
#include "io/clock.h"
#include "io/files.h"
#include "io/socket.h"

namespace slipway::edge::test {
namespace {

constexpr int kPatienceMs = 5'000;

bool readable(int fd, int ms) {
  pollfd poll_fd{fd, POLLIN, 0};
  return ::poll(&poll_fd, 1, ms) > 0;
}

int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    ::close(fd);
    return -1;
  }
  io::set_nodelay(fd);
  return fd;
}

}  // namespace

TempDir::TempDir() : path_(io::make_temp_dir("edge-test-").value()) {}
// What can not be removed stays under /tmp; the test has its verdict.
TempDir::~TempDir() { static_cast<void>(io::remove_tree(path_, "/tmp")); }

bool write_all(int fd, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t got = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (got <= 0) return false;
    sent += static_cast<std::size_t>(got);
  }
  return true;
}

std::string ok_response(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

Connection::Connection(int port) : fd_(connect_to(port)) {}

bool Connection::send(const std::string& bytes) { return fd_ && write_all(fd_.get(), bytes); }

bool Connection::fill() {
  if (!fd_ || !readable(fd_.get(), kPatienceMs)) return false;
  char bytes[65536];
  const ssize_t got = ::recv(fd_.get(), bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  in_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

Reply Connection::read_any(const std::string& method) {
  Reply reply;
  for (;;) {
    const auto parsed = http::parse_response_head(in_, method);
    if (parsed.parsed == http::Parsed::Refused) return reply;
    if (parsed.parsed == http::Parsed::NeedMore) {
      if (!fill()) return reply;
      continue;
    }
    reply.status = parsed.head.status;
    reply.head = in_.substr(0, parsed.head.size);
    in_.erase(0, parsed.head.size);
    read_body(method, reply);
    return reply;
  }
}

Reply Connection::read(const std::string& method) {
  Reply reply = read_any(method);
  while (reply.status >= 100 && reply.status < 200 && reply.status != 101) reply = read_any(method);
  return reply;
}

void Connection::read_body(const std::string& method, Reply& reply) {
  const auto framing = http::parse_response_head(reply.head, method).head.framing;
  using Kind = http::BodyFraming::Kind;
  if (framing.kind == Kind::Chunked) return read_chunks(reply);
  if (framing.kind == Kind::UntilClose) {
    while (fill()) {
    }
    reply.body = std::move(in_);
    in_.clear();
    reply.complete = true;
    return;
  }
  while (in_.size() < framing.length && fill()) {
  }
  reply.complete = in_.size() >= framing.length;
  reply.body = in_.substr(0, framing.length);
  in_.erase(0, reply.body.size());
}

void Connection::read_chunks(Reply& reply) {
  http::ChunkedDecoder decoder;
  for (;;) {
    std::string_view input = in_;
    for (;;) {
      const auto piece = decoder.next(input);
      reply.body += piece.content;
      if (piece.got == http::ChunkedDecoder::Got::Content) continue;
      reply.complete = piece.got == http::ChunkedDecoder::Got::Done;
      break;
    }
    in_ = std::string(input);
    if (decoder.done() || decoder.problem().status != 0 || !fill()) return;
  }
}

Reply Connection::get(const std::string& target, const std::string& fields) {
  if (!send("GET " + target + " HTTP/1.1\r\n" + fields + "\r\n")) return {};
  return read();
}

std::string Connection::read_bytes(std::size_t size) {
  while (in_.size() < size && fill()) {
  }
  std::string out = in_.substr(0, size);
  in_.erase(0, out.size());
  return out;
}

Reply Connection::read_behind(const std::string& read) {
  in_.insert(0, read);
  return this->read();
}

std::string Connection::read_to_end() {
  while (fill()) {
  }
  return std::move(in_);
}

bool Connection::ended() {
  if (!readable(fd_.get(), kPatienceMs)) return false;
  char byte = 0;
  return ::recv(fd_.get(), &byte, 1, 0) <= 0;
}

void Connection::shut_down_sending() { ::shutdown(fd_.get(), SHUT_WR); }

void Connection::reset() {
  const linger now{1, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  fd_.reset();
}

Reply request(int port, const std::string& bytes, const std::string& method) {
  Connection connection(port);
  if (!connection.send(bytes)) return {};
  return connection.read(method);
}

Reply get(int port, const std::string& target, const std::string& host, const std::string& fields) {
  return request(port, "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n");
}

App::App(std::string name, int port) {
  serve_ = [name = std::move(name)](int fd, const Request& request) {
    return write_all(fd, ok_response(name + " " + request.target));
  };
  open(port);
}

App::App(Serve serve) : serve_(std::move(serve)) { open(0); }

App::~App() { stop(); }

void App::open(int port) {
  listener_ = io::listen_tcp({"127.0.0.1", port}).value();
  port_ = io::local_port(listener_.get());
  acceptor_ = std::thread([this] { accept_all(); });
}

std::string App::address() const { return "127.0.0.1:" + std::to_string(port_); }

void App::accept_all() {
  while (!stopping_) {
    if (!readable(listener_.get(), 20)) continue;
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    io::set_nodelay(fd);
    ++connections_;
    const std::lock_guard<std::mutex> guard(lock_);
    open_.push_back(fd);
    talks_.emplace_back([this, fd] { talk(fd); });
  }
}

namespace {

// Reads one request; false when the connection ends first.
bool read_request(int fd, std::string& in, App::Request& request) {
  char bytes[65536];
  const auto more = [&] {
    const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got > 0) in.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  };
  auto parsed = http::parse_request_head(in);
  while (parsed.parsed == http::Parsed::NeedMore && more()) parsed = http::parse_request_head(in);
  if (parsed.parsed != http::Parsed::Complete) return false;
  request.method = std::string(parsed.head.method);
  request.target = std::string(parsed.head.target);
  request.head = in.substr(0, parsed.head.size);
  const auto framing = parsed.head.framing;
  in.erase(0, parsed.head.size);
  if (framing.kind == http::BodyFraming::Kind::Length) {
    while (in.size() < framing.length) {
      if (!more()) return false;
    }
    request.body = in.substr(0, framing.length);
    in.erase(0, framing.length);
  } else if (framing.kind == http::BodyFraming::Kind::Chunked) {
    http::ChunkedDecoder decoder;
    for (;;) {
      std::string_view input = in;
      auto piece = decoder.next(input);
      for (; piece.got == http::ChunkedDecoder::Got::Content; piece = decoder.next(input))
        request.body += piece.content;
      in = std::string(input);
      if (decoder.done()) break;
      if (piece.got == http::ChunkedDecoder::Got::Bad || !more()) return false;
    }
  }
  return true;
}

}  // namespace

void App::talk(int fd) {
  std::string in;
  for (int nth = 1; !stopping_; ++nth) {
    Request request;
    if (!read_request(fd, in, request)) break;
    request.nth = nth;
    ++requests_;
    if (!serve_(fd, request)) break;
  }
  const std::lock_guard<std::mutex> guard(lock_);
  std::erase(open_, fd);
  ::close(fd);
}

void App::stop() {
  if (stopping_.exchange(true)) return;
  acceptor_.join();
  listener_.reset();
  {
    const std::lock_guard<std::mutex> guard(lock_);
    for (int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& talk : talks_) talk.join();
}

Edge::Edge(const std::string& state, std::vector<std::string> flags, const std::string& listen)
    : state_(state) {
  start(flags, listen);
}

void Edge::start(const std::vector<std::string>& flags, const std::string& listen) {
  std::vector<std::string> words = {EDGE_PROCESS, state_, listen, "2"};
  words.insert(words.end(), flags.begin(), flags.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], 2);
    ::dup2(ends[1], 1);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  stderr_.reset(ends[0]);
  collector_ = std::thread([this] { collect(); });
  eventually([this] { return settled_.load(); });
  const std::string text = said();
  const std::size_t at = text.find("listening on 127.0.0.1:");
  if (text.find("ready:") != std::string::npos && at != std::string::npos)
    port_ = std::atoi(text.c_str() + at + std::string("listening on 127.0.0.1:").size());
  const std::string tls = "listening on tls 127.0.0.1:";
  if (const std::size_t found = text.find(tls); found != std::string::npos)
    tls_port_ = std::atoi(text.c_str() + found + tls.size());
}

void Edge::collect() {
  char bytes[4096];
  for (;;) {
    const ssize_t got = ::read(stderr_.get(), bytes, sizeof bytes);
    if (got <= 0) break;
    const std::lock_guard<std::mutex> guard(lock_);
    said_.append(bytes, static_cast<std::size_t>(got));
    if (said_.find("ready:") != std::string::npos) settled_ = true;
  }
  settled_ = true;
  closed_ = true;
}

Edge::~Edge() {
  if (pid_ > 0) kill();
  if (collector_.joinable()) collector_.join();
}

std::string Edge::said() {
  const std::lock_guard<std::mutex> guard(lock_);
  return said_;
}

int Edge::wait_for_exit() {
  int status = 0;
  const bool ended = eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }) ||
                     eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; });
  if (!ended) return -1;
  pid_ = -1;
  // Its last words may still be on their way.
  eventually([this] { return closed_.load(); });
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int Edge::stop() {
  ::kill(pid_, SIGTERM);
  return wait_for_exit();
}

void Edge::kill() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Json Edge::call(const std::string& method, const std::string& target, const Json& body,
                int* status) {
  http::Call call;
  call.method = method;
  call.target = target;
  if (!body.is_null()) call.body = body.dump();
  const auto response = http::Client::on_unix(socket()).request(call);
  if (status != nullptr) *status = response ? response->status : 0;
  if (!response) return Json(response.error().what);
  return Json::parse(response->body).value_or(Json(response->body));
}

void Edge::put(const std::string& app, const Json& services) {
  const std::string target = "/v1/apps/" + app + "/test";
  Json body = Json::object();
  body.set("expected_version", call("GET", target).at("version"))
      .set("epoch", 1)
      .set("services", services);
  int status = 0;
  const Json answer = call("PUT", target, body, &status);
  ASSERT_EQ(status, 200) << answer.dump();
}

Json Edge::drains() { return call("GET", "/v1/drain").at("draining"); }

Json service(const std::string& name, const std::string& release,
             const std::vector<std::string>& targets) {
  Json pool = Json::object();
  pool.set("release", release).set("weight", 10000).set("targets", texts(targets));
  Json out = Json::object();
  return out.set("name", name).set("pools", Json::Array{pool});
}

Json list_of(std::vector<Json> items) { return Json(std::move(items)); }
Json texts(const std::vector<std::string>& items) { return Json::array_of(items); }

bool eventually(const std::function<bool()>& question) {
  const std::int64_t until = io::monotonic_us() + kPatienceMs * 1000;
  while (!question()) {
    if (io::monotonic_us() > until) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

}  // namespace slipway::edge::test

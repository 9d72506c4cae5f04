#include "edge/upstream.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace slipway::bench {
namespace {

constexpr std::uint64_t kOrders = 1;
constexpr std::uint64_t kLog = 2;
constexpr std::uint64_t kEventEveryMs = 100;
constexpr std::size_t kMostRequest = 4 * 1024 * 1024;
constexpr std::size_t kMostReady = 64;
constexpr int kBacklog = 4096;

std::uint64_t now_ms() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

void watch(int epoll, int fd, std::uint64_t tag, std::uint32_t events, int what = EPOLL_CTL_ADD) {
  epoll_event event{events, {.u64 = tag}};
  epoll_ctl(epoll, what, fd, &event);
}

// The number behind the last slash of "/wait/250"; `fallback` without one.
std::uint64_t number_of(std::string_view path, std::uint64_t fallback) {
  const std::string_view digits = path.substr(path.rfind('/') + 1);
  std::uint64_t number = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return wrong == std::errc() && end == digits.data() + digits.size() ? number : fallback;
}

std::string answer_of(const Instance& instance, std::string_view body) {
  std::string out =
      "HTTP/1.1 200 OK\r\nServer: upstream\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\n"
      "Content-Type: text/plain\r\nX-Shop-Version: ";
  out.append(instance.name).append("\r\nContent-Length: ");
  out.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return out;
}

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [&](char x, char y) { return lower(x) == lower(y); });
}

// The value of a field in a head that a proxy wrote; empty without it.
std::string_view field_of(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !same_word(line.substr(0, colon), name)) continue;
    const std::size_t value = line.find_first_not_of(' ', colon + 1);
    return value == std::string_view::npos ? std::string_view() : line.substr(value);
  }
  return {};
}

// The bytes of a whole chunked body at the front of `bytes`; 0 while it is not whole.
std::size_t chunked_size(std::string_view bytes) {
  std::size_t at = 0;
  for (;;) {
    const std::size_t line = bytes.find("\r\n", at);
    if (line == std::string_view::npos) return 0;
    std::size_t size = 0;
    std::from_chars(bytes.data() + at, bytes.data() + line, size, 16);
    at = line + 2 + size + 2;
    if (at > bytes.size()) return 0;
    if (size == 0) return at;
  }
}

}  // namespace

Upstream::Upstream() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  watch(epoll_, STDIN_FILENO, kOrders, EPOLLIN);
}

Upstream::~Upstream() {
  while (!instances_.empty()) close(instances_.begin()->first);
  if (log_ >= 0) ::close(log_);
  ::close(epoll_);
}

int Upstream::open(const std::string& name) {
  auto instance = std::make_unique<Instance>();
  instance->name = name;
  instance->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (bind(instance->listener, any, size) != 0 || listen(instance->listener, kBacklog) != 0 ||
      getsockname(instance->listener, any, &size) != 0) {
    ::close(instance->listener);
    return 0;
  }
  instance->port = ntohs(address.sin_port);
  const std::uint64_t tag = next_number_++;
  watch(epoll_, instance->listener, tag, EPOLLIN);
  listeners_[tag] = instance.get();
  const int port = instance->port;
  instances_[name] = std::move(instance);
  return port;
}

void Upstream::close(const std::string& name) {
  const auto found = instances_.find(name);
  if (found == instances_.end()) return;
  Instance* instance = found->second.get();
  ::close(instance->listener);
  std::erase_if(listeners_, [&](const auto& entry) { return entry.second == instance; });
  std::vector<Peer*> gone;
  for (const auto& [number, peer] : peers_) {
    if (peer->instance == instance) gone.push_back(peer.get());
  }
  for (Peer* peer : gone) drop(*peer);
  instances_.erase(found);
}

bool Upstream::collect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  log_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (bind(log_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return false;
  watch(epoll_, log_, kLog, EPOLLIN);
  return true;
}

void Upstream::run() {
  epoll_event events[256];
  while (running_) {
    const int count = epoll_wait(epoll_, events, 256, next_timeout());
    for (int i = 0; i < count; ++i) {
      const std::uint64_t tag = events[i].data.u64;
      if (tag == kOrders) {
        read_orders();
      } else if (tag == kLog) {
        drain_log();
      } else if (const auto peer = peers_.find(tag); peer != peers_.end()) {
        on_peer(*peer->second, events[i].events);
      } else if (const auto listener = listeners_.find(tag); listener != listeners_.end()) {
        accept_from(*listener->second);
      }
    }
    run_timers();
  }
}

void Upstream::read_orders() {
  char bytes[4096];
  const ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
  if (got <= 0) {
    running_ = false;
    return;
  }
  orders_.append(bytes, static_cast<std::size_t>(got));
  for (std::size_t end = 0; (end = orders_.find('\n')) != std::string::npos;) {
    const std::string line = orders_.substr(0, end);
    orders_.erase(0, end + 1);
    on_order(line);
  }
}

void Upstream::on_order(const std::string& line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string word = line.substr(0, space);
  const std::string rest = space < line.size() ? line.substr(space + 1) : std::string();
  if (word == "open") {
    std::printf("%d\n", open(rest));
  } else if (word == "close") {
    close(rest);
    std::printf("closed\n");
  } else if (word == "collect") {
    std::printf("%s\n", collect(rest) ? "collecting" : "not bound");
  } else {
    std::printf("%llu %llu\n", static_cast<unsigned long long>(requests_),
                static_cast<unsigned long long>(log_lines_));
  }
  std::fflush(stdout);
}

void Upstream::accept_from(Instance& instance) {
  for (;;) {
    const int fd = accept4(instance.listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto peer = std::make_unique<Peer>();
    peer->number = next_number_++;
    peer->fd = fd;
    peer->instance = &instance;
    watch(epoll_, fd, peer->number, EPOLLIN);
    peers_[peer->number] = std::move(peer);
  }
}

void Upstream::drain_log() {
  char line[4096];
  while (recv(log_, line, sizeof line, 0) >= 0) ++log_lines_;
}

void Upstream::on_peer(Peer& peer, std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    flush(peer);
  }
  if (peer.fd >= 0 && (events & ~std::uint32_t{EPOLLOUT}) != 0) read_from(peer);
  if (peer.fd < 0) drop(peer);
}

void Upstream::read_from(Peer& peer) {
  char bytes[64 * 1024];
  const ssize_t got = read(peer.fd, bytes, sizeof bytes);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    peer.closing = true;
  } else {
    peer.in.append(bytes, static_cast<std::size_t>(got));
    if (peer.in.size() > kMostRequest) peer.closing = true;
    if (!peer.closing) use_bytes(peer);
  }
  if (peer.closing) {
    ::close(peer.fd);
    peer.fd = -1;
  }
}

void Upstream::use_bytes(Peer& peer) {
  while (!peer.waits && !peer.closing && !peer.in.empty()) {
    if (peer.websocket) return echo_frames(peer);
    if (!take_request(peer)) return;
  }
}

// One whole request from the front of what was read. False: it is not whole yet.
bool Upstream::take_request(Peer& peer) {
  const std::size_t end = peer.in.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const std::string_view head(peer.in.data(), end + 2);
  const std::size_t begin = end + 4;
  std::size_t body = 0;
  const std::string_view length = field_of(head, "content-length");
  if (!length.empty()) body = number_of(length, 0);
  if (same_word(field_of(head, "transfer-encoding"), "chunked")) {
    body = chunked_size(std::string_view(peer.in).substr(begin));
    if (body == 0) return false;
  }
  if (peer.in.size() < begin + body) return false;
  const std::size_t space = head.find(' ');
  const std::string method(head.substr(0, space));
  const std::string path(head.substr(space + 1, head.find(' ', space + 1) - space - 1));
  const bool upgrades = same_word(field_of(head, "upgrade"), "websocket");
  peer.in.erase(0, begin + body);
  ++requests_;
  if (upgrades) {
    peer.websocket = true;
    give(peer,
         "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    return true;
  }
  serve(peer, method, path, body);
  return true;
}

void Upstream::serve(Peer& peer, std::string_view method, const std::string& path,
                     std::size_t body) {
  Instance& instance = *peer.instance;
  if (const auto ready = instance.ready.find(path); ready != instance.ready.end() && body == 0)
    return give_ready(peer, ready->second);
  if (path.starts_with("/bytes/")) {
    const std::string answer = answer_of(
        instance, std::string(std::min<std::uint64_t>(number_of(path, 0), kMostRequest), 'x'));
    if (instance.ready.size() >= kMostReady) return give(peer, answer);
    return give_ready(peer, instance.ready.emplace(path, std::move(answer)).first->second);
  }
  if (path.starts_with("/wait/")) return after(number_of(path, 0), peer);
  if (path.starts_with("/events/")) return begin_events(peer, number_of(path, 0));
  if (path == "/hang") return after(600'000, peer);
  if (path == "/garbage") return give(peer, "HTP/1.1 2x0 what\r\n\r\n");
  if (path == "/early" || path == "/nothing") {
    if (path == "/early") give(peer, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nnot all");
    peer.closing = true;
    return;
  }
  const std::string text = method == "GET" ? instance.name : "got " + std::to_string(body);
  give(peer, answer_of(instance, text));
}

void Upstream::begin_events(Peer& peer, std::uint64_t duration_ms) {
  peer.events_until_ms = now_ms() + duration_ms;
  give(peer, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Shop-Version: " +
                 peer.instance->name + "\r\nTransfer-Encoding: chunked\r\n\r\n");
  after(kEventEveryMs, peer);
}

// Frames up to 125 bytes, unmasked as a server sends them; a close is answered and ends it.
void Upstream::echo_frames(Peer& peer) {
  while (peer.in.size() >= 6 && !peer.closing) {
    const auto size = static_cast<std::size_t>(peer.in[1] & 0x7f);
    if (peer.in.size() < 6 + size) return;
    std::string frame = peer.in.substr(0, 1);
    frame.push_back(static_cast<char>(size));
    for (std::size_t i = 0; i < size; ++i)
      frame.push_back(static_cast<char>(peer.in[6 + i] ^ peer.in[2 + i % 4]));
    const bool is_close = (peer.in[0] & 0x0f) == 8;
    peer.in.erase(0, 6 + size);
    give(peer, frame);
    if (is_close) peer.closing = true;
  }
}

// Sends what the socket takes of `bytes`. True: all of it.
bool Upstream::send_now(Peer& peer, std::string_view& bytes) {
  const ssize_t sent = send(peer.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) peer.closing = true;
  bytes.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
  return bytes.empty();
}

void Upstream::give(Peer& peer, std::string_view bytes) {
  if (peer.rest.empty() && peer.out.empty()) {
    if (send_now(peer, bytes) || peer.closing) return;
    watch(epoll_, peer.fd, peer.number, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  }
  peer.out.append(bytes);
}

// Of an answer that lives as long as its instance only the place is kept: thousands of slow readers
// of a large one shall not cost their copies.
void Upstream::give_ready(Peer& peer, std::string_view answer) {
  if (!peer.rest.empty() || !peer.out.empty()) return give(peer, answer);
  if (send_now(peer, answer) || peer.closing) return;
  watch(epoll_, peer.fd, peer.number, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  peer.rest = answer;
}

void Upstream::flush(Peer& peer) {
  if (!peer.rest.empty() && !send_now(peer, peer.rest)) return;
  std::string_view left = peer.out;
  if (!left.empty() && !send_now(peer, left)) {
    peer.out.erase(0, peer.out.size() - left.size());
    return;
  }
  peer.out.clear();
  watch(epoll_, peer.fd, peer.number, EPOLLIN, EPOLL_CTL_MOD);
}

void Upstream::after(std::uint64_t delay_ms, Peer& peer) {
  peer.waits = true;
  timers_.emplace(now_ms() + delay_ms, peer.number);
}

void Upstream::due(Peer& peer) {
  peer.waits = false;
  if (peer.events_until_ms == 0) {
    give(peer, answer_of(*peer.instance, "waited"));
  } else if (now_ms() < peer.events_until_ms) {
    give(peer, "b\r\ndata: one\n\n\r\n");
    return after(kEventEveryMs, peer);
  } else {
    peer.events_until_ms = 0;
    give(peer, "0\r\n\r\n");
  }
  use_bytes(peer);
}

int Upstream::next_timeout() const {
  if (timers_.empty()) return -1;
  const std::uint64_t now = now_ms();
  return timers_.begin()->first > now ? static_cast<int>(timers_.begin()->first - now) : 0;
}

void Upstream::run_timers() {
  if (timers_.empty()) return;
  const std::uint64_t now = now_ms();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const std::uint64_t number = timers_.begin()->second;
    timers_.erase(timers_.begin());
    const auto peer = peers_.find(number);
    if (peer == peers_.end()) continue;
    due(*peer->second);
    if (peer->second->closing) drop(*peer->second);
  }
}

void Upstream::drop(Peer& peer) {
  if (peer.fd >= 0) ::close(peer.fd);
  peers_.erase(peer.number);
}

}  // namespace slipway::bench

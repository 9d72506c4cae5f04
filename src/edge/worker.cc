#include "edge/worker.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "edge/mirror.h"

namespace slipway::edge {
namespace {
constexpr int kEventsPerRound = 128;
constexpr int kAcceptsPerRound = 32;
constexpr std::uint64_t kAcceptPauseMs = 100;
constexpr std::uint64_t kClockRefreshMs = 500;

template <class T>
void link(T& list, T& item) {
  item.before = list.before;
  item.after = &list;
  list.before->after = &item;
  list.before = &item;
}
template <class T>
void unlink(T& item) {
  item.before->after = item.after;
  item.after->before = item.before;
}
}  // namespace

Worker::Worker(unsigned index, const WorkerLimits& limits, const std::vector<ListenSocket>& listen,
               Gate& gate)
    : index_(index),
      limits_(limits),
      gate_(gate),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      scratch_(new char[kScratch]) {
  ASSERT(epoll_);
  client_list_.before = client_list_.after = &client_list_;
  exchange_list_.before = exchange_list_.after = &exchange_list_;
  io::SystemRandom seed;
  random_state_[0] = seed.next() | 1;
  random_state_[1] = seed.next();
  wake_.fd.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  ASSERT(wake_.fd);
  epoll_event event{EPOLLIN, {.ptr = &wake_}};
  ASSERT(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.fd.get(), &event) == 0);
  timer_.fd.reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  ASSERT(timer_.fd);
  event.data.ptr = &timer_;
  ASSERT(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, timer_.fd.get(), &event) == 0);
  for (const ListenSocket& at : listen) {
    auto listener = std::make_unique<Listener>(at);
    listener->fd.reset(dup(at.fd));  // the flag O_NONBLOCK is shared, close-on-exec is not
    ASSERT(listener->fd);
    ASSERT(fcntl(listener->fd.get(), F_SETFD, FD_CLOEXEC) == 0);
    Address local;
    local.size = sizeof local.bytes;
    ASSERT(getsockname(at.fd, reinterpret_cast<sockaddr*>(&local.bytes), &local.size) == 0);
    tune_socket(listener->fd.get(), local);
    listeners_.push_back(std::move(listener));
  }
  read_clocks();
}

Worker::~Worker() { ASSERT(!thread_.joinable()); }

void Worker::start() {
  thread_ = std::thread([this] { run(); });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::post(std::function<void()> task) {
  {
    const std::lock_guard<std::mutex> lock(posted_lock_);
    posted_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  // The counter can only be full when the worker is already due to wake.
  if (write(wake_.fd.get(), &one, sizeof one) < 0) return;
}

void Worker::run() {
  epoll_event events[kEventsPerRound];
  while (running_) {
    const int count = epoll_wait(epoll_.get(), events, kEventsPerRound, round_timeout());
    read_clocks();
    for (int i = 0; i < count; ++i)
      dispatch(*static_cast<Socket*>(events[i].data.ptr), events[i].events);
    run_again();
    flush_streams();
    wheel_.advance(now_ms_, [this](void* owner) { due(*static_cast<Socket*>(owner)); });
    flush_streams();
    graveyard_.clear();
  }
}

// The next deadline is told to a timer when it comes nearer, which is seldom, and not to every
// wait: a wait with a time costs the kernel a timer of its own.
int Worker::round_timeout() {
  if (!again_.empty()) return 0;
  const std::uint64_t look_ms = wheel_.next_look();
  if (look_ms == 0 || (armed_ms_ != 0 && armed_ms_ <= look_ms)) return -1;
  armed_ms_ = look_ms;
  itimerspec at{};
  at.it_value.tv_sec = static_cast<time_t>(look_ms / 1000);
  at.it_value.tv_nsec = static_cast<long>(look_ms % 1000) * 1'000'000;
  ASSERT(timerfd_settime(timer_.fd.get(), TFD_TIMER_ABSTIME, &at, nullptr) == 0);
  return -1;
}

void Worker::on_timer() {
  std::uint64_t times = 0;
  if (read(timer_.fd.get(), &times, sizeof times) < 0 && errno != EAGAIN) return;
  armed_ms_ = 0;
}

void Worker::read_clocks() {
  now_ms_ = static_cast<std::uint64_t>(io::monotonic_us()) / 1000;
  if (now_ms_ < clocks_due_ms_) return;
  clocks_due_ms_ = now_ms_ + kClockRefreshMs;
  wall_offset_ms_ = static_cast<std::uint64_t>(to_unix_ms(clock_.now())) - now_ms_;
  refresh_date();
}

void Worker::dispatch(Socket& socket, std::uint32_t events) {
  if (socket.closed) return;
  if (socket.kind == Socket::Kind::Wake) return run_posted();
  if (socket.kind == Socket::Kind::Timer) return on_timer();
  if (socket.kind == Socket::Kind::Listener) return accept_from(static_cast<Listener&>(socket));
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) socket.readable = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) socket.peer_done = true;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) socket.broken = true;
  if (socket.kind == Socket::Kind::Client) return on_client(static_cast<Client&>(socket));
  if (socket.kind == Socket::Kind::Mirror)
    return on_mirror(static_cast<MirrorCopy&>(socket), events);
  if (socket.kind == Socket::Kind::Stream) return on_stream(static_cast<Stream&>(socket));
  on_upstream(static_cast<Upstream&>(socket), events);
}

void Worker::run_posted() {
  std::uint64_t count = 0;
  if (read(wake_.fd.get(), &count, sizeof count) < 0 && errno != EAGAIN) return;
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard<std::mutex> lock(posted_lock_);
    tasks.swap(posted_);
  }
  for (const auto& task : tasks) task();
}

void Worker::run_again() {
  std::vector<Socket*> again;
  again.swap(again_);
  for (std::size_t i = 0; i < again.size(); ++i) {
    Socket& socket = *again[i];
    if (socket.closed) continue;  // buried this round: still there until the graveyard is cleared
    dispatch(socket, 0);
  }
}

void Worker::due(Socket& socket) {
  if (socket.kind == Socket::Kind::Upstream) {
    auto& upstream = static_cast<Upstream&>(socket);
    if (upstream.exchange != nullptr) return;  // not in the pool: it is set again there
    drop_from_pool(upstream);
    return bury_upstream(upstream);
  }
  if (socket.kind == Socket::Kind::Mirror) return end_mirror(static_cast<MirrorCopy&>(socket), 504);
  if (socket.kind == Socket::Kind::Listener) {
    if (accepting_) watch_listeners();  // descriptors had run out
    return;
  }
  auto& client = static_cast<Client&>(socket);
  switch (client.phase) {
    case Client::Phase::Idle:
    case Client::Phase::Linger:
      if (client.awaits_proxy_header) gate_.refused(Refusal::ProxyHeader);
      return close_client(client);
    case Client::Phase::Head:
      return answer(client,
                    {408, "text/plain; charset=utf-8", "the request did not arrive in time\n", ""},
                    false, false);
    case Client::Phase::Held: {
      note_held(client);
      LocalAnswer late{504, "text/plain; charset=utf-8", "the service is paused\n", ""};
      dress(routes_->service_of(client.held_by.get()), late);
      leave_hold(client);
      client.in.clear();
      return answer(client, late, false, false);
    }
    case Client::Phase::Busy:
      return exchange_due(*client.exchange);
    case Client::Phase::Http2:
      return http2_due(client);
  }
}

void Worker::accept() {
  accepting_ = true;
  watch_listeners();
}

void Worker::watch_listeners() {
  for (const auto& listener : listeners_) {
    // Level-triggered and exclusive: a connection wakes one worker, and what it leaves wakes the
    // next.
    epoll_event event{EPOLLIN | EPOLLEXCLUSIVE, {.ptr = listener.get()}};
    ASSERT(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener->fd.get(), &event) == 0);
  }
}

void Worker::accept_from(Listener& listener) {
  for (int i = 0; i < kAcceptsPerRound && accepting_; ++i) {
    Address peer;
    peer.size = sizeof peer.bytes;
    const int fd = accept4(listener.fd.get(), reinterpret_cast<sockaddr*>(&peer.bytes), &peer.size,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      welcome(fd, peer, listener);
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      for (const auto& each : listeners_)
        epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, each->fd.get(), nullptr);
      accept_again_.owner = listeners_.front().get();
      wheel_.set(accept_again_, now_ms_ + kAcceptPauseMs, now_ms_);
    }
    if (errno != ECONNABORTED && errno != EINTR) return;
  }
}

void Worker::welcome(int fd, const Address& peer, const Listener& listener) {
  auto owned = std::make_unique<Client>();
  Client& client = *owned.release();
  client.fd.reset(fd);
  client.peer = peer;
  client.secure = listener.tls;
  client.awaits_proxy_header = listener.proxy_protocol;
  client.deadline.owner = static_cast<Socket*>(&client);
  link(client_list_, client);
  client_count_.fetch_add(1, std::memory_order_relaxed);
  if (!watch(client)) return bury_client(client);
  if (!client.awaits_proxy_header && !has_room_for(client)) return bury_client(client);
  if (clients() > limits_.clients)
    return answer(
        client, {503, "text/plain; charset=utf-8", "too many connections\n", "Retry-After: 1\r\n"},
        false, false);
  set_deadline(client, limits_.head_time);
}

bool Worker::watch(Socket& socket) {
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = &socket}};
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.fd.get(), &event) == 0;
}

void Worker::bury(std::unique_ptr<Socket> socket) {
  socket->closed = true;
  socket->fd.reset();  // leaves epoll with its last descriptor
  std::erase(again_, socket.get());
  graveyard_.push_back(std::move(socket));
}

void Worker::bury_client(Client& client) {
  ASSERT(!client.closed && client.exchange == nullptr);
  if (client.held_by != nullptr) {
    log_held_client_gone(client);
    leave_hold(client);
  }
  leave_room(client);
  wheel_.clear(client.deadline);
  unlink(client);
  if (client.h2 != nullptr) std::erase(touched_, &client);
  if (client.kind == Socket::Kind::Client) client_count_.fetch_sub(1, std::memory_order_relaxed);
  bury(std::unique_ptr<Socket>(&client));
}

void Worker::bury_upstream(Upstream& upstream) {
  ASSERT(!upstream.closed);
  wheel_.clear(upstream.deadline);
  bury(std::unique_ptr<Socket>(&upstream));
}

void Worker::set_deadline(Client& client, Millis from_now) {
  wheel_.set(client.deadline, now_ms_ + static_cast<std::uint64_t>(from_now.count()), now_ms_);
}

std::uint64_t Worker::next_request_id() {
  // xorshift128+: request ids need to differ, not to be secret.
  std::uint64_t x = random_state_[0];
  const std::uint64_t y = random_state_[1];
  random_state_[0] = y;
  x ^= x << 23;
  random_state_[1] = x ^ y ^ (x >> 17) ^ (y >> 26);
  return random_state_[1] + y;
}

void Worker::use_tls(std::shared_ptr<const TlsTerms> terms) { tls_terms_ = std::move(terms); }

void Worker::install(std::shared_ptr<const Routes> routes) {
  routes_ = std::move(routes);
  for (auto it = pools_.begin(); it != pools_.end();) {
    if (routes_->has_target(it->first)) {
      ++it;
      continue;
    }
    for (Upstream* upstream : it->second) bury_upstream(*upstream);
    it = pools_.erase(it);
  }
  end_mirrors(routes_.get());
  retry_held();
}

void Worker::stop_accepting() {
  accepting_ = false;
  wheel_.clear(accept_again_);
  for (const auto& listener : listeners_) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener->fd.get(), nullptr);
    listener->fd.reset();
  }
}

void Worker::say_goodbye() {
  goodbye_ = true;
  for (Client* client = client_list_.after; client != &client_list_; client = client->after) {
    if (client->h2 != nullptr) leave_http2(*client);
  }
  flush_streams();
}

void Worker::close_idle_clients() {
  for (Client* client = client_list_.after; client != &client_list_;) {
    Client* next = client->after;
    const bool idle =
        client->phase == Client::Phase::Idle || client->phase == Client::Phase::Linger;
    if (idle && client->kind == Socket::Kind::Client) close_client(*client);
    if (client->phase == Client::Phase::Http2 && !client->closed) leave_http2(*client);
    client = next;
  }
}

std::size_t Worker::cut(const std::vector<const TargetRuntime*>& targets) {
  std::size_t count = 0;
  for (Exchange* exchange = exchange_list_.after; exchange != &exchange_list_;) {
    Exchange* next = exchange->after;
    if (std::find(targets.begin(), targets.end(), exchange->target) != targets.end()) {
      ++count;
      exchange->end = LogEnd::Cut;
      if (exchange->tunnel) {
        end_tunnel_politely(*exchange);
      } else if (exchange->response_started) {
        abort_exchange(*exchange);
      } else {
        answer_exchange(*exchange, 504,
                        "the request was still running when its release was taken away\n");
      }
    }
    exchange = next;
  }
  return count;
}

void Worker::stop() {
  running_ = false;
  end_mirrors(nullptr);
  while (exchange_list_.after != &exchange_list_) {
    exchange_list_.after->end = LogEnd::Cut;
    abort_exchange(*exchange_list_.after);
  }
  while (client_list_.after != &client_list_) close_client(*client_list_.after);
  for (auto& [target, pool] : pools_) {
    for (Upstream* upstream : pool) bury_upstream(*upstream);
  }
  pools_.clear();
  routes_.reset();
}

}  // namespace slipway::edge

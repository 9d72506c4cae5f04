#include "edge/checks.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "http/parser.h"

namespace slipway::edge {
namespace {
constexpr std::size_t kMostAnswer = 64 * 1024;
constexpr std::size_t kPiece = 4096;
constexpr int kStagger = 8;  // first questions of a service are spread over its interval

// Who a check says it asks for: applications often answer only to their own names.
std::string host_of(const Service& service, const TargetRuntime& target) {
  for (const std::string& host : service.hosts) {
    if (host.find('*') == std::string::npos) return host;
  }
  return target.text;
}

std::string question_of(const Service& service, const TargetRuntime& target) {
  return "GET " + service.traffic.checks.path + " HTTP/1.1\r\nHost: " + host_of(service, target) +
         "\r\nUser-Agent: slipway-edge\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}
}  // namespace

struct HealthWatch::Watched {
  std::shared_ptr<TargetRuntime> target;
  HealthChecks rule;
  std::string question;
  io::Fd fd;
  bool asked = false;  // the question is sent
  std::string answer;
  HealthCount count;
  io::EventLoop::TimerId timer = 0;
};

bool HealthCount::take(bool answered_well, bool sick, const HealthChecks& rule) {
  if (answered_well != sick) {
    in_a_row = 0;
    return sick;
  }
  if (++in_a_row < (sick ? rule.healthy : rule.unhealthy)) return sick;
  in_a_row = 0;
  return !sick;
}

HealthWatch::HealthWatch(io::EventLoop& loop) : loop_(loop) {}

HealthWatch::~HealthWatch() {
  for (auto& [target, watched] : watched_) hang_up(*watched);
}

void HealthWatch::follow(const std::shared_ptr<const Routes>& routes) {
  if (routes == routes_) return;
  routes_ = routes;
  auto before = std::exchange(watched_, {});
  for (const RouteService& service : routes->services()) {
    const HealthChecks& rule = service.config.traffic.checks;
    if (rule.path.empty()) continue;
    for (const RoutePool& pool : service.pools) {
      for (const auto& target : pool.targets) {
        const auto known = before.find(target.get());
        const bool same = known != before.end() && known->second->rule == rule &&
                          known->second->question == question_of(service.config, *target);
        if (same) {
          watched_.insert(before.extract(known));
        } else {
          add(target, service.config);
        }
      }
    }
  }
  for (auto& [target, watched] : before) {
    hang_up(*watched);
    if (!watched_.contains(target)) target->sick.store(false, std::memory_order_relaxed);
  }
}

void HealthWatch::add(const std::shared_ptr<TargetRuntime>& target, const Service& service) {
  auto& slot = watched_[target.get()];
  if (slot != nullptr) return;
  slot = std::make_unique<Watched>();
  slot->target = target;
  slot->rule = service.traffic.checks;
  slot->question = question_of(service, *target);
  ask_later(*slot, slot->rule.interval * static_cast<int>(watched_.size() % kStagger) / kStagger);
}

void HealthWatch::ask_later(Watched& watched, Millis delay) {
  watched.timer = loop_.after(delay, [this, &watched] { ask(watched); });
}

void HealthWatch::ask(Watched& watched) {
  const Address& at = watched.target->address;
  watched.answer.clear();
  watched.asked = false;
  watched.timer = loop_.after(watched.rule.timeout, [this, &watched] { conclude(watched, false); });
  watched.fd.reset(socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const bool begun =
      watched.fd && (::connect(watched.fd.get(), at.get(), at.size) == 0 || errno == EINPROGRESS);
  const auto ready = [this, &watched](std::uint32_t events) { on_ready(watched, events); };
  if (!begun || !loop_.add(watched.fd.get(), EPOLLOUT, io::Trigger::Level, ready)) {
    watched.fd.reset();
    conclude(watched, false);
  }
}

void HealthWatch::on_ready(Watched& watched, std::uint32_t events) {
  const int fd = watched.fd.get();
  if (!watched.asked) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return conclude(watched, false);
    // A few hundred bytes into an empty socket: all or nothing.
    const auto size = static_cast<ssize_t>(watched.question.size());
    if (send(fd, watched.question.data(), watched.question.size(), MSG_NOSIGNAL) != size)
      return conclude(watched, false);
    watched.asked = true;
    loop_.change(fd, EPOLLIN);
    return;
  }
  char piece[kPiece];
  const ssize_t got = recv(fd, piece, sizeof piece, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return conclude(watched, false);
  watched.answer.append(piece, static_cast<std::size_t>(got));
  const auto head = http::parse_response_head(watched.answer, "GET");
  const bool open = head.parsed == http::Parsed::NeedMore && watched.answer.size() < kMostAnswer;
  if (open) return;
  conclude(watched, head.parsed == http::Parsed::Complete && head.head.status / 100 == 2);
}

void HealthWatch::conclude(Watched& watched, bool answered_well) {
  hang_up(watched);
  std::atomic<bool>& sick = watched.target->sick;
  const bool was = sick.load(std::memory_order_relaxed);
  sick.store(watched.count.take(answered_well, was, watched.rule), std::memory_order_relaxed);
  ask_later(watched, watched.rule.interval);
}

void HealthWatch::hang_up(Watched& watched) {
  loop_.cancel(watched.timer);
  watched.timer = 0;
  if (!watched.fd) return;
  loop_.remove(watched.fd.get());
  watched.fd.reset();
}

}  // namespace slipway::edge

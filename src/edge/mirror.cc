// Mirroring: a share of the safe requests is copied to another release, each over a connection of
// its own; the answers are read, counted and thrown away. A copy that cannot be sent at once, or
// is one too many, is not made: users never wait for it.
#include "edge/mirror.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "edge/worker.h"

namespace slipway::edge {
namespace {
constexpr std::size_t kMostCopies = 64;           // at once, of each worker
constexpr std::size_t kMostAnswer = 1024 * 1024;  // bytes read of one answer
constexpr std::string_view kMark = "X-Slipway-Mirror: 1\r\nConnection: close\r\n\r\n";
constexpr int kBadGateway = 502;
}  // namespace

void Worker::begin_mirror(const Exchange& exchange) {
  const RouteService& service = *exchange.service;
  if (service.mirror < 0 || mirrors_.size() >= kMostCopies) return;
  const RoutePool& pool = service.pools[static_cast<std::size_t>(service.mirror)];
  TargetRuntime* target = next_target(exchange, pool);
  if (target == nullptr || pool.release == exchange.pool->release) return;
  auto owned = std::make_unique<MirrorCopy>();
  const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  owned->fd.reset(socket(target->address.family(), type, 0));
  if (!owned->fd) return;
  tune_socket(owned->fd.get(), target->address);
  const int got = ::connect(owned->fd.get(), target->address.get(), target->address.size);
  if (got < 0 && errno != EINPROGRESS)
    return count_mirrored(*target, kBadGateway, static_cast<std::uint64_t>(io::monotonic_us()));
  MirrorCopy& copy = *owned.release();
  copy.routes = exchange.routes;
  copy.target = target;
  copy.head = exchange.head;
  copy.head.replace(copy.head.size() - 2, 2, kMark);
  copy.began_us = static_cast<std::uint64_t>(io::monotonic_us());
  copy.deadline.owner = static_cast<Socket*>(&copy);
  mirrors_.push_back(&copy);
  if (!watch(copy)) return end_mirror(copy, kBadGateway);
  const Timeouts& timeouts = service.config.timeouts;
  wheel_.set(copy.deadline,
             now_ms_ + static_cast<std::uint64_t>((timeouts.connect + timeouts.response).count()),
             now_ms_);
}

void Worker::on_mirror(MirrorCopy& copy, std::uint32_t events) {
  if (!copy.connected) {
    if (copy.broken) return end_mirror(copy, kBadGateway);
    if ((events & EPOLLOUT) == 0) return;
    copy.connected = true;
    copy.began_us = static_cast<std::uint64_t>(io::monotonic_us());
  }
  while (copy.sent < copy.head.size()) {
    const ssize_t got = send(copy.fd.get(), copy.head.data() + copy.sent,
                             copy.head.size() - copy.sent, MSG_NOSIGNAL);
    if (got < 0 && errno == EAGAIN) break;
    if (got < 0) return end_mirror(copy, kBadGateway);
    copy.sent += static_cast<std::size_t>(got);
  }
  while (copy.readable) {
    const ssize_t got = recv(copy.fd.get(), scratch_.get(), kScratch, 0);
    if (got < 0 && errno == EAGAIN) {
      copy.readable = false;
      return;
    }
    if (got <= 0) return end_mirror(copy, kBadGateway);
    if (!take_mirrored(copy, {scratch_.get(), static_cast<std::size_t>(got)})) return;
  }
}

// False: nothing more is wanted of it.
bool Worker::take_mirrored(MirrorCopy& copy, std::string_view bytes) {
  copy.taken += bytes.size();
  if (copy.status == 0) copy.answer.append(bytes);
  while (copy.status == 0 && !copy.answer.empty()) {
    http::Problem problem;
    const auto parsed =
        http::parse_response_head(copy.answer, "GET", limits_.head, response_head_, problem);
    if (parsed == http::Parsed::NeedMore) break;
    if (parsed == http::Parsed::Refused) {
      end_mirror(copy, kBadGateway);
      return false;
    }
    if (response_head_.status >= 200) {
      copy.status = response_head_.status;
      count_mirrored(*copy.target, copy.status, copy.began_us);
    }
    copy.answer.erase(0, response_head_.size);
  }
  if (copy.taken < kMostAnswer) return true;
  end_mirror(copy, kBadGateway);
  return false;
}

// `failure` is what counts when no head of an answer has come; 0: nothing does.
void Worker::end_mirror(MirrorCopy& copy, int failure) {
  if (copy.status == 0 && failure != 0) count_mirrored(*copy.target, failure, copy.began_us);
  wheel_.clear(copy.deadline);
  std::erase(mirrors_, &copy);
  bury(std::unique_ptr<Socket>(&copy));
}

// Copies to targets that are no longer in the table end uncounted: they may be stopped any time.
void Worker::end_mirrors(const Routes* except) {
  const std::vector<MirrorCopy*> all = mirrors_;
  for (MirrorCopy* copy : all) {
    if (except == nullptr || !except->has_target(copy->target)) end_mirror(*copy, 0);
  }
}

}  // namespace slipway::edge

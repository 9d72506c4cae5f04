// What the access log is told of each request: one record, into this worker's ring.
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "edge/forwarded.h"
#include "edge/worker.h"

namespace slipway::edge {
namespace {

void put_ip(const Address& peer, LogNumbers& numbers) {
  if (peer.family() == AF_INET) {
    numbers.ip_size = 4;
    std::memcpy(numbers.ip.data(), &reinterpret_cast<const sockaddr_in*>(peer.get())->sin_addr, 4);
  } else if (peer.family() == AF_INET6) {
    numbers.ip_size = 16;
    std::memcpy(numbers.ip.data(), &reinterpret_cast<const sockaddr_in6*>(peer.get())->sin6_addr,
                16);
  }
}

void put_service(const Service& service, LogEntry& entry) {
  entry.text(LogText::Service) = service.name;
  entry.text(LogText::App) = service.app;
  entry.text(LogText::Environment) = service.environment;
}

// The client as a trusted proxy names it; nothing when the peer is the client.
Address address_behind(const RouteService* service, const Client& client,
                       const http::RequestHead& head) {
  if (service == nullptr || !trusts(*service, client.peer)) return {};
  return client_address(head.headers, client.peer, *service);
}

}  // namespace

void Worker::log_to(LogRing* ring, bool with_query) {
  log_ = ring;
  log_query_ = with_query;
}

void Worker::note_exchange(Exchange& exchange, const http::RequestHead& head) {
  if (log_ == nullptr) return;
  exchange.note.take(head, log_query_);
  exchange.behind_proxy = address_behind(exchange.service, *exchange.client, head);
}

// Before an answer of the edge itself, while the head's bytes are still there.
void Worker::note_local(const Client& client, const http::RequestHead& head,
                        const RouteService* service) {
  if (log_ == nullptr) return;
  local_note_.take(head, log_query_);
  local_service_ = service;
  local_behind_proxy_ = address_behind(service, client, head);
}

// The head of a request that waits in a pause is read once more: nothing else was kept of it.
void Worker::note_held(const Client& client) {
  http::Problem problem;
  if (log_ == nullptr || http::parse_request_head(client.in, limits_.head, request_head_,
                                                  problem) != http::Parsed::Complete)
    return;
  const Match match =
      routes_ == nullptr ? Match() : routes_->match(request_head_.host, request_head_.path);
  note_local(client, request_head_, match.service);
  if (match.service == nullptr) return;
  const auto most = static_cast<std::uint64_t>(match.service->config.max_pause.count());
  const std::uint64_t began = client.held_until_ms - std::min(most, client.held_until_ms);
  local_waited_us_ = now_ms_ > began ? (now_ms_ - began) * 1000 : 0;
}

void Worker::put_record(LogEntry& entry, const Client& client, const Address& behind_proxy) {
  put_ip(behind_proxy.size > 0 ? behind_proxy : client.peer, entry.numbers);
  entry.numbers.secure = client.secure;
  const Client* connection = &client;
  if (client.kind == Socket::Kind::Stream) {
    connection = static_cast<const Stream&>(client).connection;
    entry.numbers.protocol = kLoggedHttp2;
  }
  if (connection->tls != nullptr && connection->tls->established())
    entry.text(LogText::Tls) = connection->tls->version();
  char* to = log_->begin(record_size(entry));
  if (to == nullptr) return;
  write_record(entry, to);
  log_->commit();
}

// Once for each exchange, when it is over.
void Worker::log_exchange(const Exchange& exchange) {
  if (log_ == nullptr) return;
  constexpr int kNothingAnswered = 499;
  const Client& client = *exchange.client;
  LogEntry entry;
  exchange.note.put_into(entry);
  LogNumbers& numbers = entry.numbers;
  const auto now_us = static_cast<std::uint64_t>(io::monotonic_us());
  numbers.duration_us = now_us - exchange.began_us;
  numbers.time_ms = wall_offset_ms_ + exchange.began_us / 1000;
  numbers.bytes_in = exchange.bytes_in;
  numbers.bytes_out =
      exchange.bytes_out - std::min<std::uint64_t>(exchange.bytes_out, client.out.size());
  int status = exchange.status != 0 ? exchange.status : exchange.answered_status;
  if (status == 0) status = kNothingAnswered;
  numbers.status = static_cast<std::uint16_t>(status);
  numbers.attempts = static_cast<std::uint8_t>(exchange.attempts);
  numbers.end = exchange.end;
  if (exchange.status != 0) numbers.upstream_us = exchange.head_us;
  if (exchange.service != nullptr) put_service(exchange.service->config, entry);
  if (exchange.attempts > 0) {
    const TargetRuntime& last = *exchange.tried[exchange.attempts - 1];
    entry.text(LogText::Target) = last.text;
    entry.text(LogText::Release) = last.release->release;
  }
  put_record(entry, client, exchange.behind_proxy);
}

// An answer of the edge itself to what never became an exchange.
void Worker::log_answer(const Client& client, int status, LogEnd end, std::uint64_t bytes_out) {
  if (log_ == nullptr) return;
  LogEntry entry;
  local_note_.put_into(entry);
  LogNumbers& numbers = entry.numbers;
  numbers.duration_us = local_waited_us_;
  numbers.time_ms = now_ms_ + wall_offset_ms_ - local_waited_us_ / 1000;
  numbers.bytes_out = bytes_out;
  numbers.status = static_cast<std::uint16_t>(status);
  numbers.end = end;
  if (local_service_ != nullptr) put_service(local_service_->config, entry);
  put_record(entry, client, local_behind_proxy_);
  local_note_.clear();
  local_behind_proxy_ = {};
  local_service_ = nullptr;
  local_waited_us_ = 0;
}

void Worker::log_held_client_gone(const Client& client) {
  constexpr int kClientLeft = 499;
  note_held(client);
  log_answer(client, kClientLeft, running_ ? LogEnd::ClientLeft : LogEnd::Cut, 0);
}

}  // namespace slipway::edge

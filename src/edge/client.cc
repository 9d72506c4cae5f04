// The client's side of a worker: reading heads, deciding where a request goes, holding, closing.
#include "edge/http2.h"
#include "edge/worker.h"

namespace slipway::edge {
namespace {
constexpr Millis kLingerTime{2'000};
constexpr Millis kStreamEnd{60'000};
constexpr std::size_t kMostLingered = 1024 * 1024;
}  // namespace

void Worker::on_client(Client& client) {
  if (!take_proxy_header(client)) return;
  if (client.broken && client.phase != Client::Phase::Busy) return close_client(client);
  switch (client.phase) {
    case Client::Phase::Idle:
    case Client::Phase::Head:
      if (!flush_client(client)) return close_client(client);
      return read_requests(client);
    case Client::Phase::Held:
      if (client.peer_done) close_client(client);
      return;
    case Client::Phase::Linger:
      return linger(client);
    case Client::Phase::Busy:
      return on_busy_client(client);
    case Client::Phase::Http2:
      return on_http2(client);
  }
}

void Worker::on_busy_client(Client& client) {
  Exchange& exchange = *client.exchange;
  // A client that closed its side is taken to have left, as nginx and Go's server do: the upstream
  // should not go on working for nobody.
  const bool left = client.peer_done && exchange.request_done;
  if (client.broken || (left && !exchange.tunnel)) return abort_exchange(exchange);
  if (exchange.tunnel) return pump_tunnel(exchange);
  if (!flush_client(client)) return abort_exchange(exchange);
  if (exchange.gathered_for != nullptr) return gather(exchange);
  if (exchange.response_done) {
    if (client.out.empty()) finish_exchange(exchange);
    return;
  }
  if (!pump_request(exchange)) return;
  if (exchange.upstream == nullptr || !may_read_on(exchange) || pump_response(exchange))
    set_exchange_deadline(exchange);
}

void Worker::read_requests(Client& client) {
  if (client.reading) return;
  client.reading = true;
  while (!client.closed && client.out.empty()) {
    const bool fresh = client.phase == Client::Phase::Idle;
    if (!fresh && client.phase != Client::Phase::Head) break;
    if (fresh && !client.in.empty()) {
      use_bytes(client, client.in, true);
    } else if (!client.readable || !read_some(client)) {
      break;
    }
  }
  client.reading = false;
}

bool Worker::read_some(Client& client) {
  const Received got = receive(client, scratch_.get(), kScratch);
  if (got.got == Got::Later) return false;
  if (got.got == Got::Ended) {
    close_client(client);
    return false;
  }
  const bool own = !client.in.empty();
  if (own) client.in.append(scratch_.get(), got.size);
  const std::string_view bytes = own ? client.in : std::string_view(scratch_.get(), got.size);
  if (!client.begun && starts_http2(client, bytes)) {
    begin_http2(client, bytes);
    return !client.closed;
  }
  // The first bytes of HTTP/2's preface alone look like a request.
  client.begun = client.begun || !kHttp2Preface.starts_with(bytes);
  use_bytes(client, bytes, own);
  return true;
}

// `own`: the bytes are client.in itself.
void Worker::use_bytes(Client& client, std::string_view bytes, bool own) {
  http::Problem problem;
  switch (http::parse_request_head(bytes, limits_.head, request_head_, problem)) {
    case http::Parsed::Complete:
      return begin_request(client, request_head_, bytes, own);
    case http::Parsed::NeedMore:
      if (!own) client.in.assign(bytes);
      if (client.phase == Client::Phase::Idle) set_deadline(client, limits_.head_time);
      client.phase = Client::Phase::Head;
      return;
    case http::Parsed::Refused:
      // Where the next message would begin is not known any more: nothing after this is read.
      client.in.clear();
      LocalAnswer refusal;
      refusal.status = problem.status;
      refusal.body = std::string(problem.reason) + " (" + std::string(problem.rule) + ")\n";
      return answer(client, refusal, false, false);
  }
}

void Worker::begin_request(Client& client, const http::RequestHead& head, std::string_view bytes,
                           bool own) {
  const Match match = routes_ == nullptr ? Match() : routes_->match(head.host, head.path);
  LocalAnswer local;
  if (settles_locally(client, head, match, local) || refuses(client, head, match, local)) {
    dress(match.service, local);
    const bool is_head = head.method == "HEAD";
    const bool keep = head.keep_alive && head.minor == 1 && !head.framing.has_body() && !goodbye_;
    note_local(client, head, match.service);
    keep_rest(client, bytes, keep ? head.size : bytes.size(), own);
    add_hsts(client, match.service, local);
    return answer(client, local, is_head, keep);
  }
  if (match.service->config.state == ServiceState::Paused)
    return hold(client, head, *match.service, bytes, own);
  client.held_until_ms = 0;
  forward(client, head, match, bytes, own);
}

void Worker::keep_rest(Client& client, std::string_view bytes, std::size_t used, bool own) {
  if (own) {
    client.in.erase(0, used);
    if (client.in.empty()) std::string().swap(client.in);
  } else if (used < bytes.size()) {
    client.in.assign(bytes.substr(used));
  }
}

void Worker::hold(Client& client, const http::RequestHead& head, const RouteService& service,
                  std::string_view bytes, bool own) {
  if (service.runtime->held.load(std::memory_order_relaxed) >= limits_.held_per_service) {
    const bool is_head = head.method == "HEAD";
    note_local(client, head, &service);
    client.in.clear();
    LocalAnswer full{503, "text/plain; charset=utf-8",
                     "too many requests wait for the paused service\n", "Retry-After: 5\r\n"};
    dress(&service, full);
    return answer(client, full, is_head, false);
  }
  if (!own) client.in.assign(bytes);
  client.phase = Client::Phase::Held;
  client.held_by = service.runtime;
  client.held_by->held.fetch_add(1, std::memory_order_relaxed);
  // A request held again by a newer table does not wait longer for it.
  if (client.held_until_ms == 0)
    client.held_until_ms = now_ms_ + static_cast<std::uint64_t>(service.config.max_pause.count());
  wheel_.set(client.deadline, client.held_until_ms, now_ms_);
  if (client.peer_done) close_client(client);  // it left in the same moment: no event will tell
}

void Worker::leave_hold(Client& client) {
  if (client.held_by == nullptr) return;
  client.held_by->held.fetch_sub(1, std::memory_order_relaxed);
  client.held_by.reset();
}

void Worker::retry_held() {
  std::vector<Client*> held;
  for (Client* client = client_list_.after; client != &client_list_; client = client->after) {
    if (client->phase == Client::Phase::Held) held.push_back(client);
  }
  for (Client* client : held) {
    leave_hold(*client);
    client->phase = Client::Phase::Idle;
    read_requests(*client);
  }
}

void Worker::after_answer(Client& client) {
  client.held_until_ms = 0;
  if (client.kind == Socket::Kind::Stream) {
    client.phase = Client::Phase::Linger;  // until its last frame is sent
    return set_deadline(client, kStreamEnd);
  }
  if (client.close_after_answer) return linger(client);
  client.phase = Client::Phase::Idle;
  set_deadline(client, limits_.idle_time);
  read_requests(client);
}

void Worker::linger(Client& client) {
  // Nothing that is still to come could turn the close into a reset: no need to wait for its end.
  // The end is said first all the same: a close alone would throw the last bytes away if it did.
  if (client.sent_its_last && !client.readable && client.in.empty() && client.out.empty()) {
    end_sending(client);
    return close_client(client);
  }
  if (client.phase != Client::Phase::Linger) {
    client.phase = Client::Phase::Linger;
    std::string().swap(client.in);
    set_deadline(client, kLingerTime);
  }
  if (!client.out.empty()) {
    if (!flush_client(client)) return close_client(client);
    if (!client.out.empty()) return;
  }
  if (!client.said_all) end_sending(client);
  client.said_all = true;
  drop_lingering(client);
}

void Worker::drop_lingering(Client& client) {
  while (client.readable) {
    const Received got = receive(client, scratch_.get(), kScratch);
    if (got.got == Got::Later) return;
    if (got.got == Got::Ended) return close_client(client);
    client.lingered += got.size;
    if (client.lingered > kMostLingered) return close_client(client);
  }
}

void Worker::close_client(Client& client) {
  if (client.closed) return;
  if (client.h2 != nullptr) close_streams(client);
  if (Stream* stream = stream_of(client)) stream_closed(*stream);
  leave_tls(client);
  bury_client(client);
}

}  // namespace slipway::edge

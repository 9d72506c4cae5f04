// What the edge says itself: nobody here, stopped, maintenance, health while not live, failures.
#include <fmt/format.h>

#include <chrono>

#include "edge/acme.h"
#include "edge/forwarded.h"
#include "edge/worker.h"

namespace slipway::edge {
namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8";

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

LocalAnswer unavailable(const Service& service) {
  LocalAnswer answer;
  answer.status = 503;
  answer.content_type = kHtml;
  const bool maintenance = service.state == ServiceState::Maintenance;
  const std::string_view title = maintenance ? "Down for maintenance" : "Service unavailable";
  answer.body = service.page;
  if (answer.body.empty()) {
    answer.body = fmt::format(
        "<!doctype html><html><head><meta "
        "charset=\"utf-8\"><title>{0}</title></head><body><h1>{0}</h1><p>{1}</p>"
        "</body></html>\n",
        title, escaped(service.message));
  }
  if (maintenance) answer.extra = fmt::format("Retry-After: {}\r\n", service.retry_after_s);
  answer.extra += "Cache-Control: no-store\r\n";
  return answer;
}

// Health stays up while a service is not live: whoever watches it must not take it for dead.
bool asks_health(const http::RequestHead& head, const Match& match) {
  const Service& service = match.service->config;
  if (service.health_path.empty() || (head.method != "GET" && head.method != "HEAD")) return false;
  return head.path.substr(match.prefix) == service.health_path || head.path == service.health_path;
}

// Requests that must not go on whatever the service: TRACE would show an application's secrets,
// Max-Forwards 0 asks for the answer of whoever reads it (RFC 9110 section 7.6.2), and a request
// that comes back again and again would fill every connection.
bool ends_here(const http::RequestHead& head, LocalAnswer& answer) {
  static constexpr std::string_view kText = "text/plain; charset=utf-8";
  static constexpr const char* kAllow = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";
  if (head.method == "TRACE") {
    answer = {405, kText, "TRACE is not passed on\n", kAllow};
    return true;
  }
  if (head.method == "OPTIONS" && max_forwards(head.headers) == 0) {
    answer = {200, kText, "", kAllow};
    return true;
  }
  if (runs_in_circles(head.headers)) {
    answer = {508, kText, "the target of the service leads back to the edge\n", ""};
    return true;
  }
  return false;
}

}  // namespace

bool Worker::settles_locally(const Client& client, const http::RequestHead& head,
                             const Match& match, LocalAnswer& answer) const {
  // Whatever the service does: a certificate is asked for before there is one, or in a pause.
  if (!client.secure && find_challenge(limits_.acme_webroot, head.path, answer.body)) {
    answer.status = 200;
    answer.content_type = "application/octet-stream";
    return true;
  }
  if (match.service == nullptr) {
    answer = {404, "text/plain; charset=utf-8", "no service answers for this host and path\n", ""};
    return true;
  }
  const Service& service = match.service->config;
  if (ends_here(head, answer)) return true;
  if (service.state != ServiceState::Live && asks_health(head, match)) {
    answer = {200, "text/plain; charset=utf-8", "ok\n", ""};
    return true;
  }
  if (service.tls.enabled() && service.tls.redirect && !client.secure) {
    std::array<char, 256> buffer;
    answer = {301, kHtml, "",
              fmt::format("Location: https://{}{}{}\r\n", bare_host(head.host, buffer), head.path,
                          head.query)};
    return true;
  }
  const bool passes =
      service.state == ServiceState::Maintenance &&
      match.service->allows(client_address(head.headers, client.peer, *match.service));
  if (service.state == ServiceState::Stopped ||
      (service.state == ServiceState::Maintenance && !passes)) {
    answer = unavailable(service);
    return true;
  }
  if (service.pools.empty() && service.state != ServiceState::Paused) {
    answer = {503, "text/plain; charset=utf-8", "the service has no release to answer\n",
              "Retry-After: 1\r\n"};
    return true;
  }
  return false;
}

void add_hsts(const Client& client, const RouteService* service, LocalAnswer& answer) {
  if (client.secure && service != nullptr) answer.extra.append(service->hsts);
}

void Worker::answer(Client& client, const LocalAnswer& answer, bool is_head, bool keep_alive) {
  const bool late = answer.status == 408 || answer.status == 504;
  log_answer(client, answer.status, late ? LogEnd::Timeout : LogEnd::Answered,
             is_head ? 0 : answer.body.size());
  send_answer(client, answer, is_head, keep_alive);
}

void Worker::send_answer(Client& client, const LocalAnswer& answer, bool is_head, bool keep_alive) {
  head_out_.clear();
  write_local_answer(answer, is_head, keep_alive, date_, head_out_);
  client.close_after_answer = !keep_alive;
  if (Stream* stream = stream_of(client)) {
    const std::string_view text = head_out_;
    const std::size_t end = text.find("\r\n\r\n") + 4;
    give_stream(*stream, text.substr(0, end), text.substr(end), true);
    return after_answer(client);
  }
  Pieces pieces;
  pieces.add(head_out_);
  if (!keep_alive) pieces.are_the_last();
  if (!send_client(client, pieces)) return close_client(client);
  after_answer(client);
}

// Ends the exchange with an answer of the edge. Nothing of a response may have been sent yet.
void Worker::answer_exchange(Exchange& exchange, int status, std::string_view text) {
  ASSERT(!exchange.response_started);
  Client& client = *exchange.client;
  const bool is_head = exchange.is_head;
  const bool keep =
      exchange.keep_alive && exchange.minor == 1 && exchange.request_done && !goodbye_;
  LocalAnswer local{status, "text/plain; charset=utf-8", std::string(text), ""};
  dress(exchange.service, local);
  add_hsts(client, exchange.service, local);
  count(exchange, status);
  exchange.answered_status = status;
  exchange.bytes_out = is_head ? 0 : local.body.size();
  if (exchange.end == LogEnd::Complete) exchange.end = LogEnd::Answered;
  detach(exchange, false);
  recycle(exchange);
  if (!keep) client.in.clear();
  send_answer(client, local, is_head, keep);
}

void Worker::refresh_date() {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const WallTime now = from_unix_ms(static_cast<std::int64_t>(now_ms_ + wall_offset_ms_));
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(now - day));
  date_ =
      fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                  kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                  kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                  time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace slipway::edge

#include "tests/integration/http/lane.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <regex>

#include "http/parser.h"
#include "io/socket.h"

namespace slipway::edge::test {
namespace {

bool readable(int fd, int ms) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, ms) > 0;
}

// Bytes of the first request in `in`; 0 while it is not complete.
std::size_t whole_request(const std::string& in) {
  const auto parsed = http::parse_request_head(in);
  if (parsed.parsed != http::Parsed::Complete) return 0;
  const auto framing = parsed.head.framing;
  std::string_view rest = std::string_view(in).substr(parsed.head.size);
  if (framing.kind == http::BodyFraming::Kind::Chunked) {
    http::ChunkedDecoder decoder;
    while (decoder.next(rest).got == http::ChunkedDecoder::Got::Content) continue;
    return decoder.done() ? in.size() - rest.size() : 0;
  }
  return rest.size() >= framing.length ? parsed.head.size + framing.length : 0;
}

Json timeouts_of(int ms) {
  Json json = Json::object();
  for (const char* name : {"connect_ms", "response_ms", "client_body_ms", "upstream_idle_ms"})
    json.set(name, ms);
  return json;
}

}  // namespace

bool Wire::fill(int ms) {
  if (!fd_ || ending_ != Ending::Open || !readable(fd_.get(), ms)) return false;
  char bytes[65536];
  const ssize_t got = ::recv(fd_.get(), bytes, sizeof bytes, 0);
  if (got > 0) {
    in.append(bytes, static_cast<std::size_t>(got));
    return true;
  }
  ending_ = got == 0 ? Ending::Closed : Ending::Reset;
  return false;
}

Ending Wire::read_to_end(int ms) {
  while (fill(ms)) continue;
  return ending_;
}

bool Wire::quiet(int ms) { return !fill(ms) && ending_ == Ending::Open; }

void Wire::half_close() const { ::shutdown(fd_.get(), SHUT_WR); }

void Wire::close(bool with_reset) {
  const linger now{1, 0};
  if (with_reset) ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  fd_.reset();
}

std::string without_own_request_fields(const std::string& head) {
  static const std::regex own(
      "X-Forwarded-For: 127\\.0\\.0\\.1\r\n|X-Forwarded-Proto: http\r\n|"
      "X-Request-ID: [0-9a-f]{24}\r\n|X-Request-Start: t=[0-9]{13}\r\n|"
      "traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01\r\n|Via: 1\\.[01] slipway\r\n");
  std::string out = std::regex_replace(head, own, "");
  std::smatch host;
  static const std::regex named("\r\nHost: ([^\r]*)\r\n");
  if (!std::regex_search(out, host, named)) return out;
  const std::string forwarded = "X-Forwarded-Host: " + host[1].str() + "\r\n";
  if (const std::size_t at = out.find(forwarded); at != std::string::npos)
    out.erase(at, forwarded.size());
  return out;
}

std::string without_date(const std::string& response) {
  static const std::regex today(
      "Date: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} 20[0-9: ]{11} GMT\r\n");
  return std::regex_replace(response, today, "");
}

Lane::Lane()
    : listener_(io::listen_tcp({"127.0.0.1", 0}).value()),
      port_(io::local_port(listener_.get())),
      edge_(state_.path(), {"--workers", "1", "--head-ms", "300"}) {
  if (ready()) offer_services();
}

Lane::~Lane() = default;

// One service for any host, and one host for each thing that a table entry can change.
void Lane::offer_services() {
  const std::vector<std::string> targets = {"127.0.0.1:" + std::to_string(port_)};
  const auto named = [&](const char* name, Json members) {
    Json json = service(name, "r1", targets);
    json.set("hosts", texts({std::string(name) + ".test"}));
    for (const Json::Member& member : members.members()) json.set(member.first, member.second);
    return json;
  };
  const auto with = [](const char* name, Json value) {
    Json json = Json::object();
    return json.set(name, std::move(value));
  };
  edge_.put("a", list_of({
                     service("any", "r1", targets),
                     named("trusting", with("forward_headers", true)),
                     named("proxied", with("trusted_proxies",
                                           texts({"127.0.0.0/8", "10.0.0.0/8", "2001:db8::/32"}))),
                     named("untraced", with("traceparent", false)),
                     named("hasty", with("timeouts", timeouts_of(150))),
                     named("stripped", with("paths", texts({"/app"}))),
                     named("whole", with("paths", texts({"/app"})).set("strip_prefix", false)),
                     named("labelled", with("release_header", true)),
                     named("stopped", with("state", "stopped")),
                     named("paused", with("state", "paused").set("max_pause_ms", 100)),
                 }));
}

Wire Lane::connect() const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(edge_.port()));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    ::close(fd);
    return Wire();
  }
  io::set_nodelay(fd);
  return Wire(fd);
}

Wire* Lane::any_upstream(int ms) {
  std::erase_if(upstreams_, [](const auto& wire) { return wire->ending() != Ending::Open; });
  std::vector<pollfd> fds = {{listener_.get(), POLLIN, 0}};
  for (const auto& wire : upstreams_) fds.push_back({wire->fd(), POLLIN, 0});
  if (::poll(fds.data(), fds.size(), ms) <= 0) return nullptr;
  for (std::size_t i = 1; i < fds.size(); ++i) {
    if (fds[i].revents == 0) continue;
    upstreams_[i - 1]->fill(0);
    return upstreams_[i - 1].get();
  }
  const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return nullptr;
  io::set_nodelay(fd);
  Wire* fresh = upstreams_.emplace_back(std::make_unique<Wire>(fd)).get();
  fresh->nth = ++made_;
  return fresh;
}

Wire* Lane::next_request(std::string& bytes, int ms) {
  while (Wire* wire = any_upstream(ms)) {
    const std::size_t size = whole_request(wire->in);
    if (size == 0) continue;
    bytes = wire->in.substr(0, size);
    wire->in.erase(0, size);
    return wire;
  }
  return nullptr;
}

bool Lane::upstream_untouched() {
  while (Wire* wire = any_upstream(0)) {
    if (!wire->in.empty() || wire->ending() == Ending::Open) return false;
  }
  return true;
}

void Lane::forget_upstreams() { upstreams_.clear(); }

void Lane::close_upstream(Wire* wire, bool with_reset) {
  wire->close(with_reset);
  std::erase_if(upstreams_, [&](const auto& each) { return each.get() == wire; });
}

}  // namespace slipway::edge::test

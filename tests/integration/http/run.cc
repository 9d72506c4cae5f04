// How a case is played, and what counts as having gone well.
#include <fmt/format.h>

#include <regex>

#include "tests/integration/http/cases.h"

namespace slipway::edge::test {
namespace {

constexpr int kMomentMs = 40;
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const std::string kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kNext = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";

std::string visible(const std::string& bytes) {
  std::string out = "\"";
  for (unsigned char c : bytes.substr(0, 1500)) {
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20 || c >= 0x7f) {
      out += fmt::format("\\x{:02x}", c);
    } else {
      out += static_cast<char>(c);
    }
  }
  return out + "\"";
}

std::string differs(const char* what, const std::string& wanted, const std::string& got) {
  return fmt::format("{}:\n  wanted {}\n  got    {}", what, visible(wanted), visible(got));
}

// Reads until as many bytes as wanted are there.
std::string client_gets(Wire& client, const std::string& wanted) {
  while (without_date(client.in).size() < wanted.size() && client.fill()) continue;
  std::string got = without_date(client.in);
  client.in.clear();
  if (got.size() > wanted.size()) {
    client.in = got.substr(wanted.size());
    got.resize(wanted.size());
  }
  return got == wanted ? "" : differs("the client got something else", wanted, got);
}

std::string client_ends(Wire& client, Ending wanted) {
  const Ending got = client.read_to_end();
  if (!client.in.empty()) return differs("the client got more", "", client.in);
  if (got == wanted) return "";
  return fmt::format("the client's connection ended otherwise: {} instead of {}",
                     static_cast<int>(got), static_cast<int>(wanted));
}

// One more request shows that both sides still agree where messages begin. `nth`: the upstream
// connection it must, or must not, come over; 0: any.
std::string ask_again(Lane& lane, Wire& client, int nth, Pool pool) {
  client.send(kNext);
  std::string bytes;
  Wire* upstream = lane.next_request(bytes);
  if (upstream == nullptr) return "the next request did not reach the upstream";
  if (without_own_request_fields(bytes) != kNext)
    return differs("the next request came otherwise", kNext, bytes);
  if (nth != 0 && (upstream->nth == nth) != (pool == Pool::Reused))
    return pool == Pool::Reused ? "the upstream connection was not used again"
                                : "the upstream connection was used again";
  upstream->send(kOk);
  return client_gets(client, kOk);
}

std::string client_after(Lane& lane, Wire& client, Then then) {
  if (then == Then::Kept) return ask_again(lane, client, 0, Pool::Reused);
  return client_ends(client, then == Then::Closed ? Ending::Closed : Ending::Reset);
}

}  // namespace

std::string run(Lane& lane, const Refusal& refusal) {
  Wire client = lane.connect();
  const bool closes = refusal.then != Then::Kept;
  client.send(refusal.sent + (closes ? kSmuggled : ""));
  const std::string line = fmt::format("HTTP/1.1 {} ", refusal.status);
  if (closes) {
    client.read_to_end();
    if (client.ending() == Ending::Open) return "the connection stays open";
  } else {
    while (client.in.find("\r\n\r\n") == std::string::npos && client.fill()) continue;
  }
  if (client.in.substr(0, line.size()) != line) return differs("the answer", line, client.in);
  static const std::regex status_line("HTTP/1\\.1 [0-9]{3} ");
  if (std::regex_search(client.in.begin() + 1, client.in.end(), status_line))
    return differs("more than one answer", line, client.in);
  if (closes && client.in.find("\r\nConnection: close\r\n") == std::string::npos)
    return differs("the answer does not say that it is the last", line, client.in);
  if (!lane.upstream_untouched()) return "something reached the upstream";
  if (closes) return "";
  client.in.clear();
  return ask_again(lane, client, 0, Pool::Reused);
}

std::string run(Lane& lane, const Passage& passage) {
  Wire client = lane.connect();
  client.send(passage.sent);
  std::string bytes;
  Wire* upstream = lane.next_request(bytes);
  if (upstream == nullptr) {
    client.fill(0);
    return differs("nothing reached the upstream", passage.reaches, client.in);
  }
  const std::string got = without_own_request_fields(bytes);
  if (got != passage.reaches)
    return differs("the upstream got something else", passage.reaches, got);
  for (const char* own : {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
                          "X-Request-ID", "X-Request-Start", "Via"}) {
    if (bytes.find(fmt::format("\r\n{}: ", own)) == std::string::npos)
      return differs("a field of the edge's own is missing", own, bytes);
  }
  const bool is_head = bytes.substr(0, 5) == "HEAD ";
  const bool is_old = passage.sent.find(" HTTP/1.0\r\n") != std::string::npos;
  upstream->send(is_head ? kOk.substr(0, kOk.size() - 2) : kOk);
  std::string wanted = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
  if (passage.then != Then::Kept) wanted += "Connection: close\r\n";
  if (passage.then == Then::Kept && is_old) wanted += "Connection: keep-alive\r\n";
  std::string wrong = client_gets(client, wanted + (is_head ? "\r\n" : "\r\nok"));
  if (wrong.empty()) wrong = client_after(lane, client, passage.then);
  return wrong;
}

std::string run(Lane& lane, const Answer& answer) {
  Wire client = lane.connect();
  client.send(answer.asked);
  std::string bytes;
  Wire* upstream = lane.next_request(bytes);
  if (upstream == nullptr) return "the request did not reach the upstream";
  const int nth = upstream->nth;
  upstream->send(answer.answered);
  const bool closes = answer.upstream == Upstream::Closes;
  if (closes) upstream->half_close();
  std::string wrong = client_gets(client, answer.client);
  if (wrong.empty() && answer.then != Then::Kept) wrong = client_after(lane, client, answer.then);
  if (!wrong.empty()) return wrong;
  if (answer.then != Then::Kept) client = lane.connect();
  return ask_again(lane, client, nth, closes ? Pool::Dropped : answer.pool);
}

namespace {

// A conversation under way.
struct Talk {
  Lane& lane;
  Wire client;
  Wire* upstream = nullptr;
};

std::string client_step(Talk& talk, const Step& step) {
  using Does = Step::Does;
  switch (static_cast<int>(step.does)) {
    case static_cast<int>(Does::ClientSends):
      return talk.client.send(step.bytes) ? "" : "the client could not send";
    case static_cast<int>(Does::ClientGets):
      return client_gets(talk.client, step.bytes);
    case static_cast<int>(Does::ClientHalfCloses):
      talk.client.half_close();
      return "";
    case static_cast<int>(Does::ClientLeaves):
      talk.client.close();
      return "";
    case static_cast<int>(Does::ClientResets):
      talk.client.close(true);
      return "";
    case static_cast<int>(Does::ClientSeesEnd):
      return client_ends(talk.client, Ending::Closed);
    case static_cast<int>(Does::ClientSeesReset):
      return client_ends(talk.client, Ending::Reset);
    case static_cast<int>(Does::ClientComesAgain):
      talk.client = talk.lane.connect();
      return "";
    default:
      return talk.client.quiet(kMomentMs) ? "" : differs("the client got", "", talk.client.in);
  }
}

// Bytes of a request as they come, without what the edge adds to each.
std::string upstream_gets(Talk& talk, const std::string& wanted) {
  std::string got;
  for (;;) {
    if (talk.upstream == nullptr) talk.upstream = talk.lane.any_upstream(Wire::kPatienceMs);
    if (talk.upstream == nullptr) return "nothing reached the upstream";
    got = without_own_request_fields(talk.upstream->in);
    if (got.size() >= wanted.size() && talk.upstream->in.find("\r\n\r\n") != std::string::npos)
      break;
    if (got == wanted || !talk.upstream->fill()) break;
  }
  talk.upstream->in.clear();
  return got == wanted ? "" : differs("the upstream got something else", wanted, got);
}

std::string upstream_step(Talk& talk, const Step& step) {
  using Does = Step::Does;
  if (step.does == Does::UpstreamGets) return upstream_gets(talk, step.bytes);
  if (step.does == Does::UpstreamWaitsInVain && talk.upstream == nullptr)
    return talk.lane.any_upstream(kMomentMs) == nullptr ? "" : "something reached the upstream";
  if (talk.upstream == nullptr) return "the case has no upstream connection at this step";
  Wire* upstream = talk.upstream;
  switch (static_cast<int>(step.does)) {
    case static_cast<int>(Does::UpstreamSends):
      return upstream->send(step.bytes) ? "" : "the upstream could not send";
    case static_cast<int>(Does::UpstreamCloses):
    case static_cast<int>(Does::UpstreamResets):
      talk.lane.close_upstream(upstream, step.does == Does::UpstreamResets);
      talk.upstream = nullptr;
      return "";
    case static_cast<int>(Does::UpstreamSeesEnd):
      talk.upstream = nullptr;
      if (upstream->read_to_end() == Ending::Open) return "the upstream's connection stays open";
      return upstream->in.empty() ? "" : differs("the upstream got more", "", upstream->in);
    default:
      return upstream->quiet(kMomentMs) ? "" : differs("the upstream got", "", upstream->in);
  }
}

}  // namespace

std::string run(Lane& lane, const Conversation& conversation) {
  lane.forget_upstreams();
  Talk talk{lane, lane.connect()};
  for (std::size_t i = 0; i < conversation.steps.size(); ++i) {
    const Step& step = conversation.steps[i];
    const bool of_client = step.does < Step::Does::UpstreamGets;
    const std::string wrong = of_client ? client_step(talk, step) : upstream_step(talk, step);
    if (!wrong.empty()) return fmt::format("step {}: {}", i + 1, wrong);
  }
  return "";
}

}  // namespace slipway::edge::test

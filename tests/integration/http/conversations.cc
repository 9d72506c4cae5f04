// What takes several turns: interim responses, connections that end, upgrades.
#include "tests/integration/http/cases.h"

namespace slipway::edge::test {
namespace {

using Does = Step::Does;

Step client_sends(const std::string& bytes) { return {Does::ClientSends, bytes}; }
Step client_gets(const std::string& bytes) { return {Does::ClientGets, bytes}; }
Step upstream_gets(const std::string& bytes) { return {Does::UpstreamGets, bytes}; }
Step upstream_sends(const std::string& bytes) { return {Does::UpstreamSends, bytes}; }
const Step kClientHalfCloses{Does::ClientHalfCloses, ""};
const Step kClientLeaves{Does::ClientLeaves, ""};
const Step kClientResets{Does::ClientResets, ""};
const Step kClientSeesEnd{Does::ClientSeesEnd, ""};
const Step kClientSeesReset{Does::ClientSeesReset, ""};
const Step kClientWaitsInVain{Does::ClientWaitsInVain, ""};
const Step kClientComesAgain{Does::ClientComesAgain, ""};
const Step kUpstreamCloses{Does::UpstreamCloses, ""};
const Step kUpstreamResets{Does::UpstreamResets, ""};
const Step kUpstreamSeesEnd{Does::UpstreamSeesEnd, ""};
const Step kUpstreamWaitsInVain{Does::UpstreamWaitsInVain, ""};

const std::string kGet = a_get("");
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const std::string kOkLast = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
const std::string kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
const std::string kHints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";

const std::string kNine = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";

// An Expect and a length of 2, without the body.
const std::string kCareful = a_post("Expect: 100-continue\r\nContent-Length: 2\r\n", "");

std::string says(const std::string& status, const std::string& text, bool last) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " +
         std::to_string(text.size()) + "\r\n" + (last ? "Connection: close\r\n" : "") + "\r\n" +
         text;
}
const std::string kBadGateway =
    says("502 Bad Gateway", "the service could not be reached\n", false);

std::string hasty(const std::string& method, const std::string& fields) {
  return method + " / HTTP/1.1\r\nHost: hasty.test\r\n" + fields + "\r\n";
}
std::string old(const std::string& method, const std::string& fields) {
  return method + " / HTTP/1.0\r\nHost: h\r\n" + fields + "\r\n";
}

const std::string kAskWebSocket =
    a_get("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n");
const std::string kPassWebSocket = a_get("Connection: upgrade\r\nUpgrade: websocket\r\n");
const std::string kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";

}  // namespace

std::vector<Conversation> interim_conversations() {
  return {
      {"9110 10.1.1",
       "the body waits for 100 of the upstream",
       {client_sends(kCareful), upstream_gets(kCareful), kUpstreamWaitsInVain,
        upstream_sends(kContinue), client_gets(kContinue), client_sends("hi"), upstream_gets("hi"),
        upstream_sends(kOk), client_gets(kOk), client_sends(kGet), upstream_gets(kGet)}},
      {"9110 10.1.1",
       "the body does not wait for 100",
       {client_sends(kCareful + "hi"), upstream_gets(kCareful + "hi"),
        upstream_sends(kContinue + kOk), client_gets(kContinue + kOk), client_sends(kGet),
        upstream_gets(kGet)}},
      {"9110 10.1.1",
       "a final answer instead of 100 ends the connection",
       {client_sends(kCareful), upstream_gets(kCareful),
        upstream_sends("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"),
        client_gets("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        kUpstreamSeesEnd, kClientSeesEnd}},
      {"9110 10.1.1",
       "bytes behind a final answer are no next request",
       {client_sends(kCareful), upstream_gets(kCareful),
        upstream_sends("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"),
        client_gets(
            "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        client_sends("hi" + kGet), kUpstreamSeesEnd, kUpstreamWaitsInVain}},
      {"9110 10.1.1",
       "a chunked body waits too",
       {client_sends(a_post("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", "")),
        upstream_gets(a_post("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", "")),
        upstream_sends(kContinue), client_gets(kContinue), client_sends("2\r\nhi\r\n0\r\n\r\n"),
        upstream_gets("2\r\nhi\r\n0\r\n\r\n"), upstream_sends(kOk), client_gets(kOk)}},
      {"9110 15.2.1",
       "two 100s",
       {client_sends(kCareful + "hi"), upstream_gets(kCareful + "hi"),
        upstream_sends(kContinue + kContinue + kOk), client_gets(kContinue + kContinue + kOk)}},
      {"9110 10.1.1",
       "a client that never sends what it announced",
       {client_sends(hasty("POST", "Expect: 100-continue\r\nContent-Length: 2\r\n")),
        upstream_gets(hasty("POST", "Expect: 100-continue\r\nContent-Length: 2\r\n")),
        client_gets(says("408 Request Timeout", "the request body did not arrive in time\n", true)),
        kUpstreamSeesEnd}},
  };
}

std::vector<Conversation> hints_conversations() {
  return {
      {"8297 2",
       "103 before the answer",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends(kHints), client_gets(kHints),
        upstream_sends(kOk), client_gets(kOk), client_sends(kGet), upstream_gets(kGet)}},
      {"8297 2",
       "103 and the answer at once",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends(kHints + kOk),
        client_gets(kHints + kOk)}},
      {"9110 15.2",
       "102 and 103, several times",
       {client_sends(kGet), upstream_gets(kGet),
        upstream_sends("HTTP/1.1 102 Processing\r\n\r\n" + kHints + kHints + kOk),
        client_gets("HTTP/1.1 102 Processing\r\n\r\n" + kHints + kHints + kOk)}},
      {"9110 15.2",
       "an interim response without a name",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends("HTTP/1.1 199 Wait\r\n\r\n" + kOk),
        client_gets("HTTP/1.1 199 Wait\r\n\r\n" + kOk)}},
      {"9110 7.6.1",
       "hop-by-hop fields of 103",
       {client_sends(kGet), upstream_gets(kGet),
        upstream_sends("HTTP/1.1 103 Early Hints\r\nConnection: X-Mine\r\nX-Mine: 1\r\nLink: "
                       "</a>\r\n\r\n" +
                       kOk),
        client_gets(kHints + kOk)}},
      {"9110 15.2",
       "no interim response for HTTP/1.0",
       {client_sends(old("GET", "")), upstream_gets(kGet), upstream_sends(kHints + kContinue + kOk),
        client_gets(kOkLast), kClientSeesEnd}},
      {"9110 15.2",
       "interim responses in pieces",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends("HTTP/1.1 103 Early Hi"),
        kClientWaitsInVain, upstream_sends("nts\r\nLink: </a>\r\n\r\nHTTP/1.1 200"),
        client_gets(kHints), upstream_sends(" OK\r\nContent-Length: 2\r\n\r"), kClientWaitsInVain,
        upstream_sends("\nok"), client_gets(kOk)}},
      {"9112 8",
       "an end behind 103",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends(kHints), client_gets(kHints),
        kUpstreamCloses, client_gets(kBadGateway)}},
  };
}

std::vector<Conversation> pipelined_conversations() {
  return {
      {"9112 9.3.2",
       "pipelined requests are answered in order",
       {client_sends(kGet + "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"), upstream_gets(kGet),
        kUpstreamWaitsInVain, upstream_sends(kOk), client_gets(kOk),
        upstream_gets("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"), upstream_sends(kOk),
        client_gets(kOk)}},
      {"9112 9.3.2",
       "a body and a request behind it",
       {client_sends(a_post("Content-Length: 2\r\n", "hi") + kGet),
        upstream_gets(a_post("Content-Length: 2\r\n", "hi")), upstream_sends(kOk), client_gets(kOk),
        upstream_gets(kGet), upstream_sends(kOk), client_gets(kOk)}},
      {"9112 9.3.2",
       "chunks and a request behind them",
       {client_sends(chunked("0\r\n\r\n") + kGet), upstream_gets(chunked("0\r\n\r\n")),
        upstream_sends(kOk), client_gets(kOk), upstream_gets(kGet)}},
      {"9112 9.6",
       "a request behind close is not read",
       {client_sends(a_get("Connection: close\r\n") + kGet), upstream_gets(kGet),
        upstream_sends(kOk), client_gets(kOkLast), kClientSeesEnd, kUpstreamWaitsInVain}},
      {"9112 9.3.2",
       "a malformed request behind a good one",
       {client_sends(kGet + "GET / HTTP/1.1\r\n\r\n"), upstream_gets(kGet), upstream_sends(kOk),
        client_gets(kOk),
        client_gets(says("400 Bad Request",
                         "an HTTP/1.1 request needs a Host (RFC 9112 section 3.2)\n", true)),
        kClientSeesEnd, kUpstreamWaitsInVain}},
      {"9112 2.1",
       "a head in pieces",
       {client_sends("GE"), kUpstreamWaitsInVain, client_sends("T / HTTP/1.1\r"),
        kUpstreamWaitsInVain, client_sends("\nHost: h\r\n\r"), kUpstreamWaitsInVain,
        client_sends("\n"), upstream_gets(kGet), upstream_sends(kOk), client_gets(kOk)}},
      {"9112 7.1",
       "chunks in pieces",
       {client_sends(chunked("")), upstream_gets(chunked("")), client_sends("0"),
        kUpstreamWaitsInVain, client_sends("3\r"), kUpstreamWaitsInVain, client_sends("\nab"),
        upstream_gets("2\r\nab\r\n"), client_sends("c\r\n0\r\n"), upstream_gets("1\r\nc\r\n"),
        client_sends("\r\n"), upstream_gets("0\r\n\r\n"), upstream_sends(kOk), client_gets(kOk)}},
      {"9112 7.1",
       "a malformed chunk behind a good one",
       {client_sends(chunked("1\r\na\r\n")), upstream_gets(chunked("1\r\na\r\n")),
        client_sends("zz\r\n" + kGet),
        client_gets(says("400 Bad Request", "the chunked body is malformed\n", true)),
        kUpstreamSeesEnd, kClientSeesEnd}},
  };
}

std::vector<Conversation> client_ending_conversations() {
  return {
      {"9112 8",
       "a client that ends within its head",
       {client_sends("GET / HTTP/1.1\r\nHost"), kClientHalfCloses, kClientSeesEnd,
        kUpstreamWaitsInVain}},
      {"9112 8",
       "a client that ends within its body",
       {client_sends(a_post("Content-Length: 5\r\n", "ab")),
        upstream_gets(a_post("Content-Length: 5\r\n", "ab")), kClientHalfCloses, kUpstreamSeesEnd}},
      {"9112 8",
       "a client that ends within a chunk",
       {client_sends(chunked("5\r\nab")), upstream_gets(chunked("2\r\nab\r\n")), kClientHalfCloses,
        kUpstreamSeesEnd}},
      {"9112 8",
       "a client that ends before the last chunk",
       {client_sends(chunked("2\r\nab\r\n")), upstream_gets(chunked("2\r\nab\r\n")),
        kClientHalfCloses, kUpstreamSeesEnd}},
      {"9112 9.5",
       "a client that ends between requests",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends(kOk), client_gets(kOk),
        kClientHalfCloses, kClientSeesEnd}},
      {"9112 9.5",
       "a client that leaves before the answer",
       {client_sends(kGet), upstream_gets(kGet), kClientLeaves, kUpstreamSeesEnd}},
      {"9112 9.5",
       "a client that resets before the answer",
       {client_sends(kGet), upstream_gets(kGet), kClientResets, kUpstreamSeesEnd}},
      {"9112 9.5",
       "a client that leaves in the middle of the answer",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends(kNine + "some"),
        client_gets(kNine + "some"), kClientLeaves, kUpstreamSeesEnd}},
      {"9112 9.5",
       "a client that resets in the middle of its body",
       {client_sends(a_post("Content-Length: 5\r\n", "ab")),
        upstream_gets(a_post("Content-Length: 5\r\n", "ab")), kClientResets, kUpstreamSeesEnd}},
  };
}

std::vector<Conversation> upstream_ending_conversations() {
  return {
      {"9112 9.3.1",
       "a kept connection that the upstream closed is replaced",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends(kOk), client_gets(kOk),
        kUpstreamCloses, client_sends(kGet), upstream_gets(kGet), upstream_sends(kOk),
        client_gets(kOk)}},
      {"9112 9.3.1",
       "a kept connection closed under a GET is tried once more",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends(kOk), client_gets(kOk),
        client_sends(kGet), upstream_gets(kGet), kUpstreamCloses, upstream_gets(kGet),
        upstream_sends(kOk), client_gets(kOk)}},
      {"9112 9.3.1",
       "a GET is tried once more and not twice",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends(kOk), client_gets(kOk),
        client_sends(kGet), upstream_gets(kGet), kUpstreamCloses, upstream_gets(kGet),
        kUpstreamCloses, client_gets(kBadGateway)}},
      {"9110 9.2.2",
       "a kept connection closed under a POST is not tried again",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends(kOk), client_gets(kOk),
        client_sends(a_post("", "")), upstream_gets(a_post("", "")), kUpstreamCloses,
        client_gets(kBadGateway), kUpstreamWaitsInVain}},
      {"9110 9.2.2",
       "a kept connection closed under a PUT with a body is not tried again",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends(kOk), client_gets(kOk),
        client_sends("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"),
        upstream_gets("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"), kUpstreamCloses,
        client_gets(kBadGateway), kUpstreamWaitsInVain}},
      {"9112 9.3.1",
       "a new connection closed under a GET is not tried again",
       {client_sends(kGet), upstream_gets(kGet), kUpstreamCloses, client_gets(kBadGateway),
        kUpstreamWaitsInVain}},
      {"9112 9.3.1",
       "an answer begun is never tried again",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends(kOk), client_gets(kOk),
        client_sends(kGet), upstream_gets(kGet), upstream_sends("HTTP/1.1 200"), kUpstreamCloses,
        client_gets(kBadGateway), kUpstreamWaitsInVain}},
  };
}

std::vector<Conversation> slow_conversations() {
  return {
      {"9112 8",
       "an upstream that resets in the middle of a body without a length",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends("HTTP/1.1 200 OK\r\n\r\nab"),
        client_gets("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"),
        kUpstreamResets, kClientSeesReset}},
      {"9110 15.5.14",
       "an answer before the body has come ends the connection",
       {client_sends(a_post("Content-Length: 5\r\n", "ab")),
        upstream_gets(a_post("Content-Length: 5\r\n", "ab")),
        upstream_sends("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"),
        client_gets("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: "
                    "close\r\n\r\n"),
        kUpstreamSeesEnd, kClientSeesEnd}},
      {"9110 15.6.5",
       "an upstream that does not answer",
       {client_sends(hasty("GET", "")), upstream_gets(hasty("GET", "")),
        client_gets(says("504 Gateway Timeout", "the service did not answer in time\n", false)),
        kUpstreamSeesEnd}},
      {"9110 15.6.5",
       "an upstream that stops in the middle of its body",
       {client_sends(hasty("GET", "")), upstream_gets(hasty("GET", "")),
        upstream_sends(kNine + "some"), client_gets(kNine + "some"), kClientSeesReset}},
      {"9110 15.5.9",
       "a body that stops coming",
       {client_sends(hasty("POST", "Content-Length: 5\r\n") + "ab"),
        upstream_gets(hasty("POST", "Content-Length: 5\r\n") + "ab"),
        client_gets(says("408 Request Timeout", "the request body did not arrive in time\n", true)),
        kUpstreamSeesEnd}},
      {"9110 15.5.9",
       "a head that stops coming",
       {client_sends("GET / HTTP/1.1\r\nHost: h\r\n"),
        client_gets(says("408 Request Timeout", "the request did not arrive in time\n", true)),
        kClientSeesEnd, kUpstreamWaitsInVain}},
      {"9112 6.3",
       "an upstream that talks between requests",
       {client_sends(kGet), upstream_gets(kGet), upstream_sends(kOk), client_gets(kOk),
        upstream_sends(kOk), kUpstreamSeesEnd, client_sends(kGet), upstream_gets(kGet),
        upstream_sends("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        client_gets("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")}},
      {"9112 6.3",
       "a response comes as it is made",
       {client_sends(kGet), upstream_gets(kGet),
        upstream_sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        client_gets("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        upstream_sends("2\r\nab\r\n"), client_gets("2\r\nab\r\n"), upstream_sends("1\r\nc\r\n"),
        client_gets("1\r\nc\r\n"), upstream_sends("0\r\n\r\n"), client_gets("0\r\n\r\n")}},
  };
}

std::vector<Conversation> upgrade_conversations() {
  const std::string early =
      a_post("Content-Length: 5\r\nConnection: upgrade\r\nUpgrade: websocket\r\n", "ab");
  return {
      {"9110 7.8",
       "an upgrade that is taken",
       {client_sends(kAskWebSocket), upstream_gets(kPassWebSocket), upstream_sends(kSwitch),
        client_gets(kSwitch), client_sends("\x01\x02"), upstream_gets("\x01\x02"),
        upstream_sends("\x03"), client_gets("\x03")}},
      {"9110 7.8",
       "bytes right behind the switch",
       {client_sends(kAskWebSocket), upstream_gets(kPassWebSocket), upstream_sends(kSwitch + "abc"),
        client_gets(kSwitch + "abc")}},
      {"9110 7.8",
       "bytes before the switch wait for it",
       {client_sends(kAskWebSocket + "early"), upstream_gets(kPassWebSocket), kUpstreamWaitsInVain,
        upstream_sends(kSwitch), client_gets(kSwitch), upstream_gets("early")}},
      {"9110 7.8",
       "an upgrade that is refused",
       {client_sends(kAskWebSocket), upstream_gets(kPassWebSocket), upstream_sends(kOk),
        client_gets(kOk), client_sends(kGet), upstream_gets(kGet), upstream_sends(kOk),
        client_gets(kOk)}},
      {"9110 15.5.22",
       "426 without what belongs to its hop",
       {client_sends(kGet), upstream_gets(kGet),
        upstream_sends("HTTP/1.1 426 Upgrade Required\r\nConnection: upgrade\r\nUpgrade: "
                       "websocket\r\nContent-Length: 0\r\n\r\n"),
        client_gets("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")}},
      {"9110 7.8",
       "a switch to nothing",
       {client_sends(kAskWebSocket), upstream_gets(kPassWebSocket),
        upstream_sends("HTTP/1.1 101 Switching Protocols\r\n\r\n"), client_gets(kBadGateway)}},
      {"9110 7.8",
       "a switch to what was not offered",
       {client_sends(kAskWebSocket), upstream_gets(kPassWebSocket),
        upstream_sends("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: "
                       "h2c\r\n\r\n"),
        client_gets(kBadGateway)}},
      {"9110 7.8",
       "a switch before the request is complete",
       {client_sends(early),
        upstream_gets(
            a_post("Content-Length: 5\r\nConnection: upgrade\r\nUpgrade: websocket\r\n", "ab")),
        upstream_sends(kSwitch),
        client_gets(says("502 Bad Gateway", "the service could not be reached\n", true))}},
      {"9110 7.8",
       "no upgrade on HTTP/1.0",
       {client_sends(old("GET", "Connection: upgrade\r\nUpgrade: websocket\r\n")),
        upstream_gets(kGet), upstream_sends(kOk), client_gets(kOkLast)}},
      {"9110 7.8",
       "a tunnel that the upstream ends",
       {client_sends(kAskWebSocket), upstream_gets(kPassWebSocket), upstream_sends(kSwitch + "bye"),
        kUpstreamCloses, client_gets(kSwitch + "bye"), kClientSeesEnd}},
      {"9110 7.8",
       "a tunnel that the client ends",
       {client_sends(kAskWebSocket), upstream_gets(kPassWebSocket), upstream_sends(kSwitch),
        client_gets(kSwitch), kClientLeaves, kUpstreamSeesEnd}},
      {"9110 7.8",
       "103 before the switch",
       {client_sends(kAskWebSocket), upstream_gets(kPassWebSocket),
        upstream_sends(kHints + kSwitch), client_gets(kHints + kSwitch)}},
      {"9110 7.8",
       "a client that leaves before the switch",
       {client_sends(kAskWebSocket), upstream_gets(kPassWebSocket), kClientLeaves, kUpstreamSeesEnd,
        kClientComesAgain, client_sends(kGet), upstream_gets(kGet)}},
  };
}

}  // namespace slipway::edge::test

// What is passed on, and as what.
#include "tests/integration/http/cases.h"

namespace slipway::edge::test {
namespace {

std::string line(const std::string& request_line, const std::string& host = "h") {
  return request_line + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}
std::string old(const std::string& request_line, const std::string& fields = "Host: h\r\n") {
  return request_line + " HTTP/1.0\r\n" + fields + "\r\n";
}
std::string host(const std::string& value) { return line("GET /", value); }

// A request whose fields must arrive as they are.
Passage same(const char* rule, const char* name, const std::string& fields) {
  return {rule, name, a_get(fields), a_get(fields)};
}
// A request whose fields must not arrive.
Passage dropped(const char* rule, const char* name, const std::string& fields) {
  return {rule, name, a_get(fields), a_get("")};
}
Passage same_target(const char* rule, const char* name, const std::string& target) {
  return {rule, name, line("GET " + target), line("GET " + target)};
}

const std::string kTrace =
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\r\n";

}  // namespace

std::vector<Passage> line_passages() {
  return {
      same_target("9112 3.2.1", "a query with semicolons and half an escape", "/x?p=a;b&q=%x"),
      same_target("9112 3.2.1", "an empty query", "/x?"),
      same_target("9112 3.2.1", "two question marks", "/x??"),
      same_target("9110 4.2.3", "an escaped slash", "/a%2Fb"),
      same_target("9110 4.2.3", "dot segments", "/a/../b/./c"),
      same_target("9110 4.2.3", "two slashes", "//a//b"),
      same_target("9110 4.2.3", "an escaped NUL", "/a%00b"),
      same_target("9112 3.2", "characters that browsers send and no URI has", "/a|b^c`d{e}\"<>\\"),
      {"9112 3", "a target as long as the limit", line("GET /" + std::string(8191, 'a')),
       line("GET /" + std::string(8191, 'a'))},
      {"9112 2.2", "one empty line before the request", "\r\n" + line("GET /"), line("GET /")},
      {"9112 3.2.2", "an absolute target", line("GET http://h/x?y"), line("GET /x?y")},
      {"9112 3.2.2", "an absolute target decides against Host", line("GET http://one/x", "two"),
       line("GET /x", "one")},
      {"9112 3.2.2", "an absolute target with a port", line("GET http://h:81/x"),
       line("GET /x", "h:81")},
      {"9112 3.2.2", "an absolute target without a path", line("GET http://h"), line("GET /")},
      {"9112 3.2.2", "an absolute target of a query", line("GET http://h?x"), line("GET /?x")},
      {"9112 3.2.2", "a scheme in capitals", line("GET HTTP://h/x"), line("GET /x")},
      {"9112 3.2.4", "an asterisk", line("OPTIONS *"), line("OPTIONS *")},
      {"9112 3.2.4", "OPTIONS of a whole server by its URI", line("OPTIONS http://h"),
       line("OPTIONS *")},
      {"9112 3.2.4", "OPTIONS of a root by its URI", line("OPTIONS http://h/"), line("OPTIONS /")},
      {"9110 9.1", "a method nobody knows", line("BREW /"), line("BREW /")},
      {"9110 9.1", "a method in small letters is another method", line("get /"), line("get /")},
      {"9110 9.1", "a method of odd token characters", line("M!#$%&'*+-.^_`|~ /"),
       line("M!#$%&'*+-.^_`|~ /")},
      {"9110 9.3.2", "HEAD", line("HEAD /"), line("HEAD /")},
      {"9110 7.2", "a Host with a port", host("h:81"), host("h:81")},
      {"9110 7.2", "a Host with an empty port", host("h:"), host("h:")},
      {"9110 7.2", "a Host in capitals", host("SHOP.Example"), host("SHOP.Example")},
      {"9110 7.2", "an IPv6 Host", host("[::1]:81"), host("[::1]:81")},
      {"9110 7.2", "a Host with an escape", host("h%41"), host("h%41")},
      {"9110 7.2", "a Host with an underscore", host("a_b"), host("a_b")},
      {"9110 2.5", "HTTP/1.0 closes", old("GET /x"), line("GET /x"), Then::Closed},
      {"9112 9.3", "HTTP/1.0 that keeps", old("GET /x", "Host: h\r\nConnection: keep-alive\r\n"),
       line("GET /x"), Then::Kept},
      {"9112 3.2", "HTTP/1.0 without Host", old("GET /x", ""), line("GET /x", "localhost"),
       Then::Closed},
      {"9112 9.3", "close", a_get("Connection: close\r\n"), a_get(""), Then::Closed},
      {"9112 9.3", "close in capitals among others", a_get("Connection: x, CLOSE\r\n"), a_get(""),
       Then::Closed},
      {"9112 9.3", "close in a second field", a_get("Connection: x\r\nConnection: close\r\n"),
       a_get(""), Then::Closed},
      {"9112 9.3", "close and keep-alive", a_get("Connection: keep-alive, close\r\n"), a_get(""),
       Then::Closed},
      {"9112 9.3", "an option that only begins like close", a_get("Connection: closed\r\n"),
       a_get("")},
      {"slipway", "a prefix is cut off", line("GET /app/x?y", "stripped.test"),
       line("GET /x?y", "stripped.test")},
      {"slipway", "a prefix that is the whole path", line("GET /app", "stripped.test"),
       line("GET /", "stripped.test")},
      {"slipway", "a prefix with a slash behind", line("GET /app/", "stripped.test"),
       line("GET /", "stripped.test")},
      {"slipway", "a prefix and a query", line("GET /app?x", "stripped.test"),
       line("GET /?x", "stripped.test")},
      {"slipway", "a prefix that stays", line("GET /app/x", "whole.test"),
       line("GET /app/x", "whole.test")},
  };
}

std::vector<Passage> field_passages() {
  return {
      same("9110 5.3", "fields of one name keep their order", "A: 1\r\nB: 2\r\nA: 3\r\n"),
      same("9110 5.1", "names keep their letter case", "x-ONE: 1\r\n"),
      same("9110 5.6.2", "a name of odd token characters", "!#$%&'*+-.^_`|~9: x\r\n"),
      same("9110 5.5", "a value in eight bits", "X: caf\xc3\xa9\r\n"),
      same("9110 5.5", "a value with tabs inside", "X: a\tb\r\n"),
      same("9110 5.5", "an empty value", "X: \r\n"),
      same("9112 2.2", "ninety fields",
           [] {
             std::string out;
             for (int i = 0; i < 90; ++i) out += "X: y\r\n";
             return out;
           }()),
      same("9110 11.6.2", "Authorization", "Authorization: Basic x\r\n"),
      same("9110 14.2", "Range", "Range: bytes=0-1\r\n"),
      {"9112 5.1", "white space around a value", a_get("X: \t a b \t \r\nY:c\r\n"),
       a_get("X: a b\r\nY: c\r\n")},
      dropped("9110 7.6.1", "Connection and what it names", "Connection: X-Mine\r\nX-Mine: 1\r\n"),
      dropped("9110 7.6.1", "a nominated field in another letter case",
              "Connection: x-MINE\r\nX-Mine: 1\r\n"),
      dropped("9110 7.6.1", "nominated among empty members",
              "Connection: ,, X-Mine ,\r\nX-Mine: 1\r\n"),
      dropped("9110 7.6.1", "nominated in the second of two fields",
              "Connection: keep-alive\r\nConnection: X-Mine\r\nX-Mine: 1\r\n"),
      dropped("9110 7.6.1", "every field of a nominated name",
              "Connection: X-Mine\r\nX-Mine: 1\r\nX-Mine: 2\r\n"),
      dropped("9110 7.6.1", "Keep-Alive", "Keep-Alive: timeout=5\r\n"),
      dropped("9110 7.6.1", "Proxy-Connection", "Proxy-Connection: keep-alive\r\n"),
      dropped("9110 11.7.2", "Proxy-Authorization", "Proxy-Authorization: Basic x\r\n"),
      dropped("9110 10.1.4", "TE, because trailers are not passed on", "TE: trailers\r\n"),
      dropped("9110 6.6.2", "Trailer", "Trailer: X\r\n"),
      dropped("9110 7.8", "Upgrade without the option", "Upgrade: websocket\r\n"),
      dropped("9110 7.8", "the option upgrade without Upgrade", "Connection: upgrade\r\n"),
      dropped("9110 7.8", "an upgrade to h2c",
              "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n"),
      dropped("9110 7.8", "an upgrade to h2c in capitals among others",
              "Connection: Upgrade\r\nUpgrade: websocket, H2C\r\n"),
  };
}

std::vector<Passage> own_field_passages() {
  return {
      {"9110 7.6.1", "Host can not be nominated", a_get("Connection: Host\r\n"), a_get("")},
      {"9110 7.6.1", "Content-Length can not be nominated",
       a_post("Connection: Content-Length\r\nContent-Length: 1\r\n", "x"),
       a_post("Content-Length: 1\r\n", "x")},
      {"9110 7.6.1", "Transfer-Encoding can not be nominated",
       a_post("Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
       chunked("0\r\n\r\n")},
      {"9110 7.6.1", "X-Forwarded-For can not be nominated",
       a_get("Connection: X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto\r\n"), a_get("")},
      {"9110 7.6.1", "X-Request-ID can not be nominated",
       a_get("Connection: X-Request-ID\r\nX-Request-ID: a\r\n"), a_get("X-Request-ID: a\r\n")},
      {"9110 7.6.3", "Via can not be nominated, and one is added",
       a_get("Connection: Via\r\nVia: 1.0 fred\r\n"), a_get("Via: 1.0 fred\r\n")},
      same("9110 7.6.3", "seven rounds are not a circle yet",
           "Via: 1.1 slipway, 1.1 slipway, 1.1 slipway, 1.1 slipway, 1.1 slipway, 1.1 slipway, 1.1 "
           "slipway (x), 1.1 slipway2\r\n"),
      {"9110 7.6.2", "Max-Forwards of OPTIONS counts down",
       "OPTIONS / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 5\r\n\r\n",
       "OPTIONS / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 4\r\n\r\n"},
      same("9110 7.6.2", "Max-Forwards of other methods is left alone", "Max-Forwards: 0\r\n"),
      dropped("slipway", "an underscore that imitates X-Forwarded-For",
              "X_Forwarded_For: 1.1.1.1\r\n"),
      dropped("slipway", "an underscore that imitates Content-Length", "Content_Length: 5\r\n"),
      dropped("slipway", "an underscore that imitates Transfer-Encoding",
              "Transfer_Encoding: chunked\r\n"),
      dropped("slipway", "one underscore and one dash", "X-Forwarded_Proto: https\r\n"),
      same("slipway", "an underscore that imitates nothing", "my_field: 1\r\n"),
      same("slipway", "a request id is kept", "X-Request-ID: mine\r\n"),
      {"slipway", "an empty request id is replaced", a_get("X-Request-ID:\r\n"), a_get("")},
      same("slipway", "a time of start is kept", "X-Request-Start: t=5\r\n"),
      same("9110 10.1.1", "an unknown expectation", "Expect: the-moon\r\n"),
      {"9110 10.1.1", "an expectation of HTTP/1.0",
       "POST / HTTP/1.0\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", Then::Closed},
  };
}

std::vector<Passage> body_passages() {
  const std::string framed = chunked("3\r\nabc\r\n0\r\n\r\n");
  return {
      {"9112 6.2", "a length", a_post("Content-Length: 3\r\n", "abc"),
       a_post("Content-Length: 3\r\n", "abc")},
      {"9110 8.6", "a length with leading zeros", a_post("Content-Length: 0003\r\n", "abc"),
       a_post("Content-Length: 3\r\n", "abc")},
      {"9112 5.1", "a length with white space around", a_post("Content-Length:\t 3 \t\r\n", "abc"),
       a_post("Content-Length: 3\r\n", "abc")},
      {"9112 6.2", "length 0", a_post("Content-Length: 0\r\n", ""),
       a_post("Content-Length: 0\r\n", "")},
      {"9112 6.3", "neither length nor coding is no body", a_post("", ""), a_post("", "")},
      {"9110 9.3.1", "GET with a body", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
       "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"},
      {"9110 9.3.2", "HEAD with a body",
       "HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
       "HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"},
      {"9110 9.3.7", "OPTIONS with a body",
       "OPTIONS / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
       "OPTIONS / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"},
      {"9110 9.3.5", "DELETE with a body in chunks",
       "DELETE / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
       "DELETE / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
      {"9112 6.2", "a body of bytes that look like a request",
       a_post("Content-Length: 38\r\n", "GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n"),
       a_post("Content-Length: 38\r\n", "GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n")},
      {"9112 6.1", "chunked in capitals", a_post("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n"),
       chunked("0\r\n\r\n")},
      {"9112 5.1", "chunked with white space around",
       a_post("Transfer-Encoding: \t chunked \t\r\n", "0\r\n\r\n"), chunked("0\r\n\r\n")},
      {"9112 7.1", "two chunks", chunked("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
       chunked("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")},
      {"9112 7.1", "an empty body in chunks", chunked("0\r\n\r\n"), chunked("0\r\n\r\n")},
      {"9112 7.1", "sizes in capitals and with zeros", chunked("00A\r\n0123456789\r\n000\r\n\r\n"),
       chunked("a\r\n0123456789\r\n0\r\n\r\n")},
      {"9112 7.1.1", "an extension", chunked("3;a\r\nabc\r\n0;b=c\r\n\r\n"), framed},
      {"9112 7.1.1", "an extension with a quoted value",
       chunked("3;a=\"b;\\\"c d\"\r\nabc\r\n0\r\n\r\n"), framed},
      {"9112 7.1.1", "white space where an extension allows it",
       chunked("3 ; a = b ;c\r\nabc\r\n0\r\n\r\n"), framed},
      {"9112 7.1.1", "several extensions", chunked("3;a=b;c;d=\"e\"\r\nabc\r\n0\r\n\r\n"), framed},
      {"9112 7.1.2", "a trailer is dropped", chunked("3\r\nabc\r\n0\r\nX: y\r\n\r\n"), framed},
      {"9110 6.5.1", "a trailer with a length is dropped",
       chunked("3\r\nabc\r\n0\r\nContent-Length: 99\r\n\r\n"), framed},
      {"9110 6.5.1", "a trailer with a coding is dropped",
       chunked("3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"), framed},
      {"9110 6.5.1", "a trailer with a Host is dropped",
       chunked("3\r\nabc\r\n0\r\nHost: evil\r\n\r\n"), framed},
      {"9110 6.5.1", "a trailer with Authorization is dropped",
       chunked("3\r\nabc\r\n0\r\nAuthorization: Basic x\r\n\r\n"), framed},
      {"9110 6.5.1", "a trailer with X-Forwarded-For is dropped",
       chunked("3\r\nabc\r\n0\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n"), framed},
      {"9112 9.3", "a body and close", a_post("Connection: close\r\nContent-Length: 3\r\n", "abc"),
       a_post("Content-Length: 3\r\n", "abc"), Then::Closed},
      {"9112 9.3", "HTTP/1.0 with a length",
       "POST / HTTP/1.0\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", Then::Closed},
  };
}

std::vector<Passage> forwarded_passages() {
  const auto to = [](const std::string& name, const std::string& fields) {
    return "GET / HTTP/1.1\r\nHost: " + name + ".test\r\n" + fields + "\r\n";
  };
  const auto passes = [&](const char* rule, const char* name, const std::string& host_name,
                          const std::string& sent, const std::string& reaches) {
    return Passage{rule, name, to(host_name, sent), to(host_name, reaches)};
  };
  return {
      dropped("slipway", "a stranger's X-Forwarded-For", "X-Forwarded-For: 10.10.10.10\r\n"),
      dropped("slipway", "a stranger's X-Forwarded-Proto", "X-Forwarded-Proto: https\r\n"),
      dropped("slipway", "a stranger's X-Forwarded-Host", "X-Forwarded-Host: evil\r\n"),
      dropped("7239 8.1", "a stranger's Forwarded", "Forwarded: for=10.10.10.10\r\n"),
      passes("slipway", "X-Forwarded-For for a service that trusts", "trusting",
             "X-Forwarded-For: 10.10.10.10\r\n", "X-Forwarded-For: 10.10.10.10, 127.0.0.1\r\n"),
      passes("slipway", "two X-Forwarded-For for a service that trusts", "trusting",
             "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n",
             "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 127.0.0.1\r\n"),
      passes("slipway", "X-Forwarded-Proto for a service that trusts", "trusting",
             "X-Forwarded-Proto: https\r\n", "X-Forwarded-Proto: https\r\n"),
      {"slipway", "X-Forwarded-Host for a service that trusts",
       to("trusting", "X-Forwarded-Host: front\r\n"),
       to("trusting", "X-Forwarded-Host: front\r\n")},
      passes("7239 4", "Forwarded for a service that trusts", "trusting",
             "Forwarded: for=1.1.1.1;proto=https\r\n", "Forwarded: for=1.1.1.1;proto=https\r\n"),
      passes("slipway", "X-Forwarded-For from a proxy on the list", "proxied",
             "X-Forwarded-For: 10.10.10.10\r\n", "X-Forwarded-For: 10.10.10.10, 127.0.0.1\r\n"),
      passes("7239 4", "Forwarded from a proxy on the list", "proxied",
             "Forwarded: for=1.1.1.1\r\n", "Forwarded: for=1.1.1.1\r\n"),
      same("trace-context 3.2", "a valid traceparent", kTrace),
      same("trace-context 3.3", "a valid traceparent with its tracestate",
           kTrace + "tracestate: a=1,b=2\r\n"),
      same("trace-context 3.2.4", "a traceparent of a later version",
           "traceparent: 01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more\r\n"),
      dropped("trace-context 3.2.2", "a traceparent of version ff",
              "traceparent: ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"),
      dropped("trace-context 3.2.2", "a traceparent of version 00 with more behind",
              "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more\r\n"),
      dropped("trace-context 3.2.2", "a traceparent in capitals",
              "traceparent: 00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01\r\n"),
      dropped("trace-context 3.2.2", "a trace id of zeros",
              "traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01\r\n"),
      dropped("trace-context 3.2.2", "a parent id of zeros",
              "traceparent: 00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01\r\n"),
      dropped("trace-context 3.2.2", "a traceparent cut short", "traceparent: 00-0af7\r\n"),
      dropped("trace-context 3.2.2", "two traceparents", kTrace + kTrace),
      dropped("trace-context 3.3.1", "a tracestate without a traceparent", "tracestate: a=1\r\n"),
      passes("slipway", "a service that leaves traces alone", "untraced",
             "traceparent: x\r\ntracestate: a=1\r\n", "traceparent: x\r\ntracestate: a=1\r\n"),
  };
}

}  // namespace slipway::edge::test

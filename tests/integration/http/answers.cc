// What comes back: response heads and bodies, and whether their connections may be used again.
#include "tests/integration/http/cases.h"

namespace slipway::edge::test {
namespace {

std::string ok(const std::string& fields, const std::string& body = {}) {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body;
}
std::string last(const std::string& fields, const std::string& body = {}) {
  return ok(fields + "Connection: close\r\n", body);
}
const std::string kTwo = "Content-Length: 2\r\n";
const std::string kChunks = "Transfer-Encoding: chunked\r\n";
const std::string kHead = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kOld = "GET / HTTP/1.0\r\nHost: h\r\n\r\n";
const std::string kOldKept = "GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n";
const std::string kEvil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

Answer same(const char* rule, const char* name, const std::string& fields) {
  return {rule, name, ok(fields + kTwo, "ok"), ok(fields + kTwo, "ok")};
}
Answer dropped(const char* rule, const char* name, const std::string& fields) {
  return {rule, name, ok(fields + kTwo, "ok"), ok(kTwo, "ok")};
}

// Nothing of the upstream's answer is passed on.
Answer bad(const char* rule, const char* name, const std::string& answered) {
  const std::string text = "the service could not be reached\n";
  return {
      rule, name, answered,
      "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " +
          std::to_string(text.size()) + "\r\n\r\n" + text,
      Pool::Dropped};
}
Answer bad_field(const char* rule, const char* name, const std::string& field) {
  return bad(rule, name, ok(field + kTwo, "ok"));
}
Answer bad_line(const char* rule, const char* name, const std::string& status_line) {
  return bad(rule, name, status_line + "\r\n" + kTwo + "\r\nok");
}
// The answer breaks off in the middle: the client must be able to tell.
Answer cut(const char* rule, const char* name, const std::string& answered,
           const std::string& client, Upstream upstream = Upstream::Closes) {
  return {rule, name, answered, client, Pool::Dropped, Then::Reset, upstream};
}

std::string status(const std::string& code_and_phrase) {
  return "HTTP/1.1 " + code_and_phrase + "\r\n" + kTwo + "\r\nok";
}
Answer same_status(const char* rule, const char* name, const std::string& code_and_phrase) {
  return {rule, name, status(code_and_phrase), status(code_and_phrase)};
}

}  // namespace

std::vector<Answer> head_answers() {
  return {
      same_status("9112 4", "a phrase of its own", "200 Fine, thanks"),
      same_status("9112 4", "a phrase in eight bits", "200 Tr\xc3\xa8s bien"),
      same_status("9110 15", "a status without a name", "299 Whatever"),
      same_status("9110 15", "a status above 599", "999 Denied"),
      same_status("9110 15.5.1", "400 of the upstream", "400 Bad Request"),
      same_status("9110 15.6.1", "500 of the upstream", "500 Internal Server Error"),
      {"9112 4", "an empty phrase", status("200 "), status("200 OK")},
      {"9112 4", "no phrase and no space", status("200"), status("200 OK")},
      same("9110 5.3", "Set-Cookie twice, in order", "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"),
      same("9110 5.1", "names keep their letter case in responses", "x-ONE: 1\r\n"),
      same("9110 5.5", "a value in eight bits in responses", "X: caf\xe9\r\n"),
      same("9110 8.8.3", "ETag", "ETag: W/\"a\"\r\n"),
      same("9110 10.2.4", "Server", "Server: app\r\n"),
      same("9110 6.6.1", "a Date of the upstream", "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"),
      dropped("9110 7.6.1", "Connection: keep-alive of the upstream", "Connection: keep-alive\r\n"),
      dropped("9110 7.6.1", "Keep-Alive of the upstream", "Keep-Alive: timeout=5\r\n"),
      dropped("9110 7.6.1", "Proxy-Connection of the upstream", "Proxy-Connection: close\r\n"),
      dropped("9110 7.6.1", "a nominated field of the upstream",
              "Connection: X-Mine\r\nX-Mine: 1\r\n"),
      dropped("9110 11.7.1", "Proxy-Authenticate", "Proxy-Authenticate: Basic\r\n"),
      dropped("9110 6.6.2", "Trailer of the upstream", "Trailer: X\r\n"),
      dropped("9110 7.8", "Upgrade offered by the upstream",
              "Connection: Upgrade\r\nUpgrade: h2,h2c\r\n"),
      {"9110 7.6.1", "Content-Length can not be nominated in responses",
       ok("Connection: Content-Length\r\n" + kTwo, "ok"), ok(kTwo, "ok")},
      {"9112 9.3", "close of the upstream", ok("Connection: close\r\n" + kTwo, "ok"),
       ok(kTwo, "ok"), Pool::Dropped},
      {"9112 9.3", "close of the upstream among others",
       ok("Connection: foo, CLOSE\r\n" + kTwo, "ok"), ok(kTwo, "ok"), Pool::Dropped},
      {"9112 9.3", "an HTTP/1.0 upstream", "HTTP/1.0 200 OK\r\n" + kTwo + "\r\nok", ok(kTwo, "ok"),
       Pool::Dropped},
      {"9112 9.3", "an HTTP/1.0 upstream that keeps",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + kTwo + "\r\nok", ok(kTwo, "ok")},
      {"9112 9.3", "an HTTP/1.0 client gets 1.1 and close", ok(kTwo, "ok"), last(kTwo, "ok"),
       Pool::Reused, Then::Closed, Upstream::Stays, kOld},
      {"9112 9.3", "an HTTP/1.0 client that keeps is told so", ok(kTwo, "ok"),
       ok(kTwo + "Connection: keep-alive\r\n", "ok"), Pool::Reused, Then::Kept, Upstream::Stays,
       kOldKept},
      {"9112 9.6", "a client that closes is told so", ok(kTwo, "ok"), last(kTwo, "ok"),
       Pool::Reused, Then::Closed, Upstream::Stays, a_get("Connection: close\r\n")},
      {"9110 5.5", "white space around a value in responses",
       ok("X: \t a \t\r\nY:b\r\n" + kTwo, "ok"), ok("X: a\r\nY: b\r\n" + kTwo, "ok")},
      {"slipway", "a release in the response", ok(kTwo, "ok"),
       ok(kTwo + "X-Slipway-Release: r1\r\n", "ok"), Pool::Dropped /* of another service */,
       Then::Kept, Upstream::Stays, "GET / HTTP/1.1\r\nHost: labelled.test\r\n\r\n"},
  };
}

std::vector<Answer> body_answers() {
  const std::string chunks = ok(kChunks, "2\r\nok\r\n0\r\n\r\n");
  return {
      {"9112 6.2", "length 0 in responses", ok("Content-Length: 0\r\n"),
       ok("Content-Length: 0\r\n")},
      {"9110 8.6", "leading zeros in responses", ok("Content-Length: 0002\r\n", "ok"),
       ok(kTwo, "ok")},
      {"9112 7.1", "one chunk", ok(kChunks, "2\r\nok\r\n0\r\n\r\n"), chunks},
      {"9112 7.1", "an empty body in chunks in responses", ok(kChunks, "0\r\n\r\n"),
       ok(kChunks, "0\r\n\r\n")},
      {"9112 7.1.1", "an extension in responses", ok(kChunks, "2;a=\"b\"\r\nok\r\n0;c\r\n\r\n"),
       chunks},
      {"9112 7.1.2", "a trailer in responses",
       ok("Trailer: X\r\n" + kChunks, "2\r\nok\r\n0\r\nX: y\r\n\r\n"), chunks},
      {"9110 6.5.1", "a trailer with a length in responses",
       ok(kChunks, "2\r\nok\r\n0\r\nContent-Length: 9\r\n\r\n"), chunks},
      {"9110 6.5.1", "a trailer with Set-Cookie in responses",
       ok(kChunks, "2\r\nok\r\n0\r\nSet-Cookie: a\r\n\r\n"), chunks},
      {"9112 7.1", "chunked in capitals in responses",
       ok("Transfer-Encoding: Chunked\r\n", "2\r\nok\r\n0\r\n\r\n"), chunks},
      {"9112 6.1", "chunks for an HTTP/1.0 client", chunks, last("", "ok"), Pool::Reused,
       Then::Closed, Upstream::Stays, kOld},
      {"9112 6.1", "chunks for an HTTP/1.0 client that wants to keep", chunks, last("", "ok"),
       Pool::Reused, Then::Closed, Upstream::Stays, kOldKept},
      {"9112 6.3", "a body until the end", ok("", "ok"), chunks, Pool::Dropped, Then::Kept,
       Upstream::Closes},
      {"9112 6.3", "a body until the end that says so", ok("Connection: close\r\n", "ok"), chunks,
       Pool::Dropped, Then::Kept, Upstream::Closes},
      {"9112 6.3", "a body until the end, of HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nok", chunks,
       Pool::Dropped, Then::Kept, Upstream::Closes},
      {"9112 6.3", "a body until the end for an HTTP/1.0 client", ok("", "ok"), last("", "ok"),
       Pool::Dropped, Then::Closed, Upstream::Closes, kOld},
      {"9112 6.3", "an empty body until the end", ok(""), ok(kChunks, "0\r\n\r\n"), Pool::Dropped,
       Then::Kept, Upstream::Closes},
      {"9110 9.3.2", "HEAD with a length", ok(kTwo), ok(kTwo), Pool::Reused, Then::Kept,
       Upstream::Stays, kHead},
      {"9110 9.3.2", "HEAD with chunks", ok(kChunks), ok(""), Pool::Reused, Then::Kept,
       Upstream::Stays, kHead},
      {"9110 9.3.2", "HEAD with neither", ok(""), ok(""), Pool::Reused, Then::Kept, Upstream::Stays,
       kHead},
      {"9110 9.3.2", "HEAD for an HTTP/1.0 client", ok(kTwo), last(kTwo), Pool::Reused,
       Then::Closed, Upstream::Stays, "HEAD / HTTP/1.0\r\nHost: h\r\n\r\n"},
      {"9110 15.3.5", "204", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"},
      {"9110 8.6", "204 with length 0", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
       "HTTP/1.1 204 No Content\r\n\r\n"},
      {"9110 15.4.5", "304", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",
       "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"},
      {"9110 8.6", "304 with the length of what it stands for",
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"},
      {"9112 6.1", "304 with chunks", "HTTP/1.1 304 Not Modified\r\n" + kChunks + "\r\n",
       "HTTP/1.1 304 Not Modified\r\n\r\n"},
      {"9110 15.3.6", "205 with length 0",
       "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",
       "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"},
      {"9112 6.2", "a body of bytes that look like a response", ok("Content-Length: 42\r\n", kEvil),
       ok("Content-Length: 42\r\n", kEvil)},
  };
}

std::vector<Answer> spoiled_answers() {
  const std::string good = ok(kTwo, "ok");
  return {
      bad("9112 6.3", "length and coding in responses", ok(kTwo + kChunks, "0\r\n\r\n")),
      bad("9112 6.3", "two different lengths in responses",
          ok(kTwo + "Content-Length: 3\r\n", "ok")),
      bad("9112 6.3", "the same length twice in responses", ok(kTwo + kTwo, "ok")),
      bad("9112 6.3", "a list of lengths in responses", ok("Content-Length: 2, 2\r\n", "ok")),
      bad("9110 8.6", "a length with plus in responses", ok("Content-Length: +2\r\n", "ok")),
      bad("9110 8.6", "a negative length in responses", ok("Content-Length: -1\r\n", "ok")),
      bad("9110 8.6", "an overflowing length in responses",
          ok("Content-Length: 18446744073709551618\r\n", "ok")),
      bad("9112 6.1", "an unknown coding in responses", ok("Transfer-Encoding: gzip\r\n", "ok")),
      bad("9112 6.1", "gzip and chunked in responses",
          ok("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")),
      bad("9112 6.1", "chunked twice in responses", ok(kChunks + kChunks, "0\r\n\r\n")),
      bad("9112 6.1", "a coding in an HTTP/1.0 response",
          "HTTP/1.0 200 OK\r\n" + kChunks + "\r\n0\r\n\r\n"),
      bad("9112 2.2", "bare LFs in responses", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
      bad_field("9112 2.2", "a bare LF between fields in responses", "X: y\nZ: a\r\n"),
      bad_field("9112 2.2", "a bare CR in a value in responses", "X: a\rSet-Cookie: b\r\n"),
      bad_field("9112 5.1", "a space before the colon in responses", "X : y\r\n"),
      bad_field("9112 5.2", "a folded value in responses", "X: a\r\n b\r\n"),
      bad_field("9112 5", "a line without a colon in responses", "X\r\n"),
      bad_field("9110 5.1", "a name with a space in responses", "A B: y\r\n"),
      bad_field("9110 5.5", "NUL in a value in responses", raw("X: a\0b\r\n")),
      bad_field("6585 5", "more fields than allowed in responses",
                [] {
                  std::string out;
                  for (int i = 0; i < 101; ++i) out += "X: y\r\n";
                  return out;
                }()),
      bad_field("6585 5", "a head larger than the limit in responses",
                "X: " + std::string(40'000, 'a') + "\r\n"),
      bad_line("9112 4", "a status of two digits", "HTTP/1.1 99 OK"),
      bad_line("9112 4", "a status of four digits", "HTTP/1.1 2000 OK"),
      bad_line("9112 4", "a status of letters", "HTTP/1.1 abc OK"),
      bad_line("9112 4", "a status below 100", "HTTP/1.1 099 OK"),
      bad_line("9112 4", "two spaces before the status", "HTTP/1.1  200 OK"),
      bad_line("9112 4", "no status", "HTTP/1.1 OK"),
      bad_line("9112 4", "a control character in the phrase", "HTTP/1.1 200 O\x01K"),
      bad_line("9112 2.3", "another protocol", "ICY 200 OK"),
      bad_line("9112 2.3", "HTTP/2 in a status line", "HTTP/2 200 OK"),
      bad_line("9112 2.3", "HTTP/2.0 in a status line", "HTTP/2.0 200 OK"),
      bad("9112 4", "a request for an answer", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
      bad("9112 6.3", "an interim response with a length",
          "HTTP/1.1 103 Early Hints\r\n" + kTwo + "\r\n" + good),
      bad("9112 6.1", "an interim response with a coding",
          "HTTP/1.1 103 Early Hints\r\n" + kChunks + "\r\n" + good),
      bad("9110 15.2.2", "101 that nobody asked for",
          "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
      // Bytes behind a response would answer the next request on that connection.
  };
}

std::vector<Answer> overlong_answers() {
  const std::string good = ok(kTwo, "ok");
  return {
      {"9112 6.3", "a response behind the response", good + kEvil, good, Pool::Dropped},
      {"9112 6.3", "one byte behind the response", good + "x", good, Pool::Dropped},
      {"9112 6.3", "a line end behind the response", good + "\r\n", good, Pool::Dropped},
      {"9112 7.1", "a response behind the last chunk", ok(kChunks, "0\r\n\r\n") + kEvil,
       ok(kChunks, "0\r\n\r\n"), Pool::Dropped},
      {"9110 9.3.2", "a body behind the head of HEAD", good, ok(kTwo), Pool::Dropped, Then::Kept,
       Upstream::Stays, kHead},
      {"9110 15.3.5", "204 with a body", "HTTP/1.1 204 No Content\r\n" + kTwo + "\r\nok",
       "HTTP/1.1 204 No Content\r\n\r\n", Pool::Dropped},
      {"9110 15.3.5", "204 with a length and its body still to come",
       "HTTP/1.1 204 No Content\r\n" + kTwo + "\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
       Pool::Dropped},
      {"9112 6.1", "204 with chunks still to come",
       "HTTP/1.1 204 No Content\r\n" + kChunks + "\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
       Pool::Dropped},
      {"9110 15.4.5", "304 with a body", "HTTP/1.1 304 Not Modified\r\n" + kTwo + "\r\nok",
       "HTTP/1.1 304 Not Modified\r\n" + kTwo + "\r\n", Pool::Dropped},
      {"9112 6.3", "a response that fills the buffer, and one behind it",
       ok("Content-Length: 65494\r\n", std::string(65'494, 'a')) + kEvil,
       ok("Content-Length: 65494\r\n", std::string(65'494, 'a')), Pool::Dropped},
      cut("9112 7.1", "a chunk size that is none", ok(kChunks, "zz\r\n"), "", Upstream::Stays),
      cut("9112 7.1", "a chunk longer than its size", ok(kChunks, "1\r\nab\r\n0\r\n\r\n"), "",
          Upstream::Stays),
      cut("9112 7.1", "bare LFs between chunks in responses", ok(kChunks, "2\nok\n0\n\n"), "",
          Upstream::Stays),
      cut("9112 7.1", "an overflowing chunk size in responses",
          ok(kChunks, "10000000000000002\r\nok\r\n0\r\n\r\n"), "", Upstream::Stays),
      cut("9112 8", "a body shorter than its length", ok("Content-Length: 9\r\n", "ok"),
          ok("Content-Length: 9\r\n", "ok")),
      cut("9112 8", "chunks without the last one", ok(kChunks, "2\r\nok\r\n"),
          ok(kChunks, "2\r\nok\r\n")),
      cut("9112 8", "a chunk cut short", ok(kChunks, "5\r\nok"), ok(kChunks, "2\r\nok\r\n")),
      cut("9112 8", "the last chunk without its end", ok(kChunks, "2\r\nok\r\n0\r\n"),
          ok(kChunks, "2\r\nok\r\n")),
  };
}

}  // namespace slipway::edge::test

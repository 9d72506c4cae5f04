// RFC 9113 section 8: requests as frames carry them; section 10: what is meant to hurt; RFC 7541.
#include "tests/integration/http2/cases.h"

namespace slipway::edge::test {
namespace {

using std::string_literals::operator""s;
const FieldList kPost = with(get_fields("/post"), {{":method", "POST"}});

std::string one(const FieldList& more) { return headers(1, with(get_fields(), more)); }
std::string lacks(const std::string& name) { return headers(1, without(get_fields(), name)); }
std::string twice(const std::string& name, const std::string& value) {
  FieldList fields = get_fields();
  fields.insert(fields.begin(), {name, value});
  return headers(1, fields);
}
Outcome malformed() { return stream_error(1, {kProtocolError}); }

std::vector<Http2Case> sequence_cases() {
  const std::string open = open_headers(1, kPost);
  return {
      {"8.1", "a request with a body of two frames",
       open + frame(kBody, 0, 1, "ab") + frame(kBody, kEndStream, 1, "cd"), answered(1)},
      {"8.1", "a second HEADERS that does not end the stream",
       open + open_headers(1, {{"x-t", "1"}}), malformed()},
      {"8.1", "trailers end a request",
       open + frame(kBody, 0, 1, "ab") + headers(1, {{"x-t", "1"}}), answered(1)},
      {"8.1", "DATA after trailers", open + headers(1, {{"x-t", "1"}}) + frame(kBody, 0, 1, "x"),
       stream_error(1, {kStreamClosed})},
      {"8.1", "a pseudo-field among trailers", open + headers(1, {{":method", "GET"}}),
       malformed()},
      {"8.1.1", "less body than Content-Length",
       open_headers(1, with(kPost, {{"content-length", "5"}})) + frame(kBody, kEndStream, 1, "abc"),
       malformed()},
      {"8.1.1", "more body than Content-Length",
       open_headers(1, with(kPost, {{"content-length", "2"}})) + frame(kBody, kEndStream, 1, "abc"),
       malformed()},
      {"8.1.1", "Content-Length without a body", headers(1, with(kPost, {{"content-length", "5"}})),
       malformed()},
      {"8.1.1", "Content-Length that fits",
       open_headers(1, with(kPost, {{"content-length", "3"}})) + frame(kBody, kEndStream, 1, "abc"),
       answered(1)},
      {"8.1.1", "Content-Length twice",
       open_headers(1, with(kPost, {{"content-length", "3"}, {"content-length", "3"}})) +
           frame(kBody, kEndStream, 1, "abc"),
       malformed()},
      {"8.1.1", "Content-Length that is no number",
       open_headers(1, with(kPost, {{"content-length", "+3"}})) +
           frame(kBody, kEndStream, 1, "abc"),
       malformed()},
  };
}

std::vector<Http2Case> field_cases() {
  return {
      {"8.2.1", "a name in upper case", one({{"X-Upper", "1"}}), malformed()},
      {"8.2.1", "a name with a space", one({{"x bad", "1"}}), malformed()},
      {"8.2.1", "a name with a colon", one({{"x:bad", "1"}}), malformed()},
      {"8.2.1", "a name with a control character", one({{"x\x01", "1"}}), malformed()},
      {"8.2.1", "a name with DEL", one({{"x\x7f", "1"}}), malformed()},
      {"8.2.1", "a name that is not ASCII", one({{"x\xc3\xa4", "1"}}), malformed()},
      {"8.2.1", "a name with CR LF", one({{"x\r\nhost: evil", "1"}}), malformed()},
      {"8.2.1", "an empty name", one({{"", "1"}}), malformed()},
      {"8.2.1", "NUL in a value", one({{"x-v", "a\0b"s}}), malformed()},
      {"8.2.1", "CR in a value", one({{"x-v", "a\rb"}}), malformed()},
      {"8.2.1", "LF in a value", one({{"x-v", "a\nhost: evil"}}), malformed()},
      {"8.2.1", "a space before a value", one({{"x-v", " a"}}), malformed()},
      {"8.2.1", "a tab after a value", one({{"x-v", "a\t"}}), malformed()},
      {"8.2.1", "an empty value is allowed", one({{"x-v", ""}}), answered(1)},
      {"8.2.1", "bytes above ASCII in a value are allowed", one({{"x-v", "\xc3\xa4"}}),
       answered(1)},
      {"8.2.2", "connection", one({{"connection", "close"}}), malformed()},
      {"8.2.2", "keep-alive", one({{"keep-alive", "timeout=5"}}), malformed()},
      {"8.2.2", "proxy-connection", one({{"proxy-connection", "keep-alive"}}), malformed()},
      {"8.2.2", "transfer-encoding", one({{"transfer-encoding", "chunked"}}), malformed()},
      {"8.2.2", "transfer-encoding with a body",
       open_headers(1, with(kPost, {{"transfer-encoding", "chunked"}})) +
           frame(kBody, kEndStream, 1, "0\r\n\r\n"),
       malformed()},
      {"8.2.2", "upgrade", one({{"upgrade", "websocket"}}), malformed()},
      {"8.2.2", "te other than trailers", one({{"te", "gzip"}}), malformed()},
      {"8.2.2", "te: trailers is allowed", one({{"te", "trailers"}}), answered(1)},
      {"8.2.3", "a cookie in crumbs is allowed", one({{"cookie", "a=1"}, {"cookie", "b=2"}}),
       answered(1)},
  };
}

std::vector<Http2Case> pseudo_cases() {
  FieldList late = without(get_fields(), ":path");
  late.emplace_back("x-first", "1");
  late.emplace_back(":path", "/");
  const FieldList options = with(get_fields("*"), {{":method", "OPTIONS"}});
  const FieldList connect = {{":method", "CONNECT"}, {":authority", "any.example:443"}};
  return {
      {"8.3", "an unknown pseudo-field", twice(":fun", "1"), malformed()},
      {"8.3", "a pseudo-field of responses", twice(":status", "200"), malformed()},
      {"8.3", "a pseudo-field after a field", headers(1, late), malformed()},
      {"8.3", ":protocol, which is not offered", twice(":protocol", "websocket"), malformed()},
      {"8.3.1", "no :method", lacks(":method"), malformed()},
      {"8.3.1", "no :scheme", lacks(":scheme"), malformed()},
      {"8.3.1", "no :path", lacks(":path"), malformed()},
      {"8.3.1", "an empty :path", one({{":path", ""}}), malformed()},
      {"8.3.1", "a :path without a slash", one({{":path", "admin"}}), malformed()},
      {"8.3.1", "a :path that is a whole URI", one({{":path", "http://evil.example/"}}),
       malformed()},
      {"8.3.1", "a :path with a space", one({{":path", "/a b"}}), malformed()},
      {"8.3.1", "a :path that forges a request line", one({{":path", "/ HTTP/1.1\r\nhost: evil"}}),
       malformed()},
      {"8.3.1", "a :path with a fragment", one({{":path", "/a#b"}}), answered(1, 400)},
      {"8.3.1", ":method twice", twice(":method", "GET"), malformed()},
      {"8.3.1", ":scheme twice", twice(":scheme", "http"), malformed()},
      {"8.3.1", ":path twice", twice(":path", "/"), malformed()},
      {"8.3.1", ":authority twice", twice(":authority", "any.example"), malformed()},
      {"8.3.1", "a :method that is no token", one({{":method", "GE T"}}), malformed()},
      {"8.3.1", "an unknown :method is passed on", one({{":method", "BREW"}}), answered(1)},
      {"8.3.1", "OPTIONS *", headers(1, options), answered(1)},
      {"8.3.1", "GET *", one({{":path", "*"}}), malformed()},
      {"8.3.1", "Host and :authority that agree", one({{"host", "any.example"}}), answered(1)},
      {"8.3.1", "Host and :authority that differ", one({{"host", "evil.example"}}),
       answered(1, 400)},
      {"8.3.1", "Host instead of :authority",
       headers(1, with(without(get_fields(), ":authority"), {{"host", "any.example"}})),
       answered(1)},
      {"8.3.1", "neither Host nor :authority", lacks(":authority"), malformed()},
      {"8.3.1", "user information in :authority", one({{":authority", "user@any.example"}}),
       answered(1, 400)},
      {"8.3.1", "an :authority that forges a line", one({{":authority", "any\r\nx: y"}}),
       malformed()},
      {"8.5", "CONNECT is not offered", headers(1, connect), answered(1, 501)},
      {"8.5", "CONNECT with :path", headers(1, with(connect, {{":path", "/"}})), malformed()},
      {"8.5", "CONNECT with :scheme", headers(1, with(connect, {{":scheme", "http"}})),
       malformed()},
  };
}

std::string heads_that_never_end() {
  const std::string block = hpack(get_fields());
  return frame(kHeaders, kEndStream, 1, block) +
         times(64, frame(kContinuation, 0, 1, hpack({{"x-f", std::string(8'000, 'a')}})));
}

std::string a_head_of(std::size_t size) {
  std::string out = frame(kHeaders, kEndStream, 1, hpack(get_fields()));
  for (std::size_t sent = 0; sent < size; sent += 8'000)
    out += frame(kContinuation, 0, 1, hpack({{"x-f", std::string(8'000, 'a')}}));
  return out + frame(kContinuation, kEndHeaders, 1);
}

std::vector<Http2Case> hostile_cases() {
  FieldList many = get_fields();
  for (int i = 0; i < 120; ++i) many.emplace_back("x-" + std::to_string(i), "1");
  std::string resets;
  for (std::uint32_t i = 0; i < 1'000; ++i)
    resets += open_headers(2 * i + 1, kPost) + frame(kReset, 0, 2 * i + 1, number32(kCancel));
  std::string bad_streams;  // makes the edge reset: "made you reset"
  for (std::uint32_t i = 0; i < 1'000; ++i)
    bad_streams += open_headers(2 * i + 1, kPost) + frame(kWindowUpdate, 0, 2 * i + 1, number32(0));
  const std::string open = open_headers(1, kPost);
  return {
      {"10.5.1", "a head beyond the limit", a_head_of(40'000), answered(1, 431)},
      {"10.5.1", "more fields than the limit", headers(1, many), answered(1, 431)},
      {"10.5.1", "CONTINUATION without an end", heads_that_never_end(),
       connection_error({kEnhanceYourCalm, kProtocolError, kNoError})},
      {"10.5", "a thousand streams opened and reset", resets, connection_error({kEnhanceYourCalm})},
      {"10.5", "a thousand streams the edge must reset", bad_streams,
       connection_error({kEnhanceYourCalm, kProtocolError})},
      {"10.5", "two thousand PINGs", times(2'000, frame(kPing, 0, 0, "12345678")),
       connection_error({kEnhanceYourCalm})},
      {"10.5", "two thousand SETTINGS", times(2'000, settings({{4, 70'000}})),
       connection_error({kEnhanceYourCalm})},
      {"10.5", "two thousand PRIORITYs", times(2'000, frame(kPriority, 0, 1, std::string(5, '\0'))),
       connection_error({kEnhanceYourCalm})},
      {"10.5", "two thousand empty DATA frames", open + times(2'000, frame(kBody, 0, 1)),
       connection_error({kEnhanceYourCalm})},
  };
}

std::vector<Http2Case> compression_cases() {
  const std::string block = hpack(get_fields());
  const auto with_block = [](const std::string& bytes) {
    return frame(kHeaders, kEndHeaders | kEndStream, 1, bytes);
  };
  return {
      {"7541 2.3.3", "an index beyond both tables", with_block(block + "\xc6"),
       connection_error({kCompressionError})},
      {"7541 6.1", "index 0", with_block(block + "\x80"), connection_error({kCompressionError})},
      {"7541 4.2", "a table size update after a field", with_block(block + "\x20"),
       connection_error({kCompressionError})},
      {"7541 6.3", "a table size beyond the setting", with_block("\x3f\xe2\x1f" + block),
       connection_error({kCompressionError})},
      {"7541 5.1", "an integer that overflows",
       with_block(block + "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
       connection_error({kCompressionError})},
      {"7541 5.2", "Huffman padding longer than seven bits",
       with_block(block + "\0\x01x\x82\x1f\xff"s), connection_error({kCompressionError})},
      {"7541 5.2", "Huffman padding that is not ones", with_block(block + "\0\x01x\x81\x1e"s),
       connection_error({kCompressionError})},
      {"7541 5.2", "EOS within a Huffman string",
       with_block(block + "\0\x01x\x84\xff\xff\xff\xff"s), connection_error({kCompressionError})},
      {"7541 5.2", "a string longer than the block", with_block(block + "\0\x7f\x7fx"s),
       connection_error({kCompressionError})},
      {"7541 6.2.1", "a field that enters the table",
       with_block(block + "\x40\x03x-a\x01"
                          "1\xbe"s),
       answered(1)},
  };
}

void append(std::vector<Http2Case>& to, std::vector<Http2Case> more) {
  for (Http2Case& each : more) to.push_back(std::move(each));
}
}  // namespace

std::vector<Http2Case> message_cases() {
  std::vector<Http2Case> all = sequence_cases();
  append(all, field_cases());
  append(all, pseudo_cases());
  append(all, hostile_cases());
  append(all, compression_cases());
  return all;
}

}  // namespace slipway::edge::test

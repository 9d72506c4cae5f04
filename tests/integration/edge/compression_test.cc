// Compressed responses: the same bytes for the client, however they come and whatever it accepts.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <future>

#include "base/text.h"
#include "edge/compress.h"
#include "http/parser.h"
#include "io/files.h"
#include "tests/integration/edge/decode.h"
#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

constexpr std::array<const char*, 3> kNames = {"gzip", "br", "zstd"};

// Text that can be compressed, but not to nothing; the same for the same size.
std::string text_of(std::size_t size) {
  std::string text;
  text.reserve(size + 16);
  std::uint32_t state = 12345;
  while (text.size() < size) {
    state = state * 1664525 + 1013904223;
    text += "item-" + std::to_string(state >> 20) + ' ';
  }
  text.resize(size);
  return text;
}

Coding coding_of(std::string_view name) {
  if (name == "br") return Coding::Brotli;
  return name == "zstd" ? Coding::Zstd : Coding::Gzip;
}

TEST(Compressors, GiveBackEveryBodyAndServeTheNext) {
  for (const char* name : kNames) {
    const auto compressor = make_compressor(coding_of(name));
    for (const std::size_t size : {0, 1, 100, 65536, 65537, 1'000'000}) {
      CompressLevels levels;
      levels.gzip = 1 + static_cast<int>(size % 9);
      ASSERT_TRUE(compressor->begin(levels));
      const std::string text = text_of(size);
      std::string out;
      for (std::size_t at = 0; at < size; at += 50'000)
        ASSERT_TRUE(compressor->add(std::string_view(text).substr(at, 50'000),
                                    Compressor::Then::Flush, out));
      ASSERT_TRUE(compressor->add({}, Compressor::Then::End, out));
      const auto decoded = decode(name, out);
      ASSERT_TRUE(decoded) << name << size;
      EXPECT_TRUE(decoded->complete) << name << size;
      EXPECT_TRUE(decoded->content == text) << name << size;
    }
  }
}

TEST(Compressors, AreNotHinderedByABodyThatWasNeverEnded) {
  for (const char* name : kNames) {
    const auto compressor = make_compressor(coding_of(name));
    std::string out;
    ASSERT_TRUE(compressor->begin({}));
    ASSERT_TRUE(compressor->add(text_of(100'000), Compressor::Then::Flush, out));
    out.clear();
    ASSERT_TRUE(compressor->begin({}));
    ASSERT_TRUE(compressor->add("short", Compressor::Then::End, out));
    EXPECT_EQ(decode(name, out)->content, "short") << name;
  }
}

TEST(Compressors, HoldNothingBackAfterAFlush) {
  for (const char* name : kNames) {
    const auto compressor = make_compressor(coding_of(name));
    ASSERT_TRUE(compressor->begin({}));
    std::string out;
    std::string text;
    for (std::size_t size : {1, 10, 1000, 70'000, 3}) {
      const std::string piece = text_of(size);
      ASSERT_TRUE(compressor->add(piece, Compressor::Then::Flush, out));
      text += piece;
      const auto decoded = decode(name, out);
      ASSERT_TRUE(decoded) << name;
      EXPECT_TRUE(decoded->content == text) << name << " after " << text.size();
      EXPECT_FALSE(decoded->complete);
    }
  }
}

// /TYPE/SIZE is answered with that content type (with "+" for "/") and so many bytes of text.
bool serve_text(int fd, const App::Request& request, const std::string& framing) {
  const std::size_t slash = request.target.find('/', 1);
  std::string type = request.target.substr(1, slash - 1);
  if (const std::size_t plus = type.find('+'); plus != std::string::npos) type[plus] = '/';
  const std::string body = text_of(std::stoul(request.target.substr(slash + 1)));
  std::string head = "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nETag: \"v1\"\r\n";
  if (framing == "length") {
    head += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    return write_all(fd, request.method == "HEAD" ? head : head + body);
  }
  if (framing == "close") {
    write_all(fd, head + "Connection: close\r\n\r\n" + body);
    return false;
  }
  if (!write_all(fd, head + "Transfer-Encoding: chunked\r\n\r\n")) return false;
  char size[20];
  for (std::size_t at = 0; at < body.size(); at += 30'000) {
    const std::string piece = body.substr(at, 30'000);
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    if (!write_all(fd, size + piece + "\r\n")) return false;
  }
  return write_all(fd, "0\r\n\r\n");
}

App::Serve text_app(const std::string& framing) {
  return
      [framing](int fd, const App::Request& request) { return serve_text(fd, request, framing); };
}

std::string field_of(const Reply& reply, const std::string& name) {
  const std::size_t at = reply.head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size() + 4;
  return reply.head.substr(from, reply.head.find('\r', from) - from);
}

int count_of_text(const std::string& in, const std::string& what) {
  int count = 0;
  for (std::size_t at = in.find(what); at != std::string::npos; at = in.find(what, at + 1)) ++count;
  return count;
}

class Compression : public ::testing::Test {
 protected:
  TempDir state_;
  static void serve(Edge& edge, const App& app, Json more = Json::object()) {
    Json compress = Json::object();
    compress.set("algorithms", texts({"zstd", "br", "gzip"}));
    for (const Json::Member& member : more.members()) compress.set(member.first, member.second);
    Json json = service("web", "r1", {app.address()});
    edge.put("a", list_of({json.set("compress", compress)}));
  }
  static std::string accepts(const std::string& value) {
    return "Host: h\r\nAccept-Encoding: " + value + "\r\n";
  }
};

TEST_F(Compression, ABodyArrivesByteExactInEveryCodingFramingAndSize) {
  for (const char* framing : {"length", "chunked", "close"}) {
    App app(text_app(framing));
    TempDir state;
    Edge edge(state.path());
    serve(edge, app);
    Connection connection(edge.port());
    for (const char* name : kNames) {
      for (const std::size_t size : {1024, 5000, 65'536, 400'000, 3'000'000}) {
        const std::string where = std::string(name) + " " + framing + " " + std::to_string(size);
        const Reply reply = connection.get("/text+html/" + std::to_string(size), accepts(name));
        ASSERT_EQ(reply.status, 200) << where;
        ASSERT_TRUE(reply.complete) << where;
        EXPECT_EQ(field_of(reply, "Content-Encoding"), name) << where;
        EXPECT_EQ(field_of(reply, "Vary"), "Accept-Encoding") << where;
        EXPECT_EQ(field_of(reply, "ETag"), "W/\"v1\"") << where;
        EXPECT_LT(reply.body.size(), size) << where;
        const auto decoded = decode(name, reply.body);
        ASSERT_TRUE(decoded) << where;
        EXPECT_TRUE(decoded->complete) << where;
        EXPECT_TRUE(decoded->content == text_of(size)) << where;
      }
    }
  }
}

TEST_F(Compression, AWholeBodyKeepsALengthAndALongOneIsChunked) {
  App app(text_app("length"));
  Edge edge(state_.path());
  serve(edge, app);
  Connection connection(edge.port());
  const Reply small = connection.get("/text+css/2000", accepts("gzip"));
  EXPECT_EQ(field_of(small, "Content-Length"), std::to_string(small.body.size()));
  EXPECT_EQ(field_of(small, "Transfer-Encoding"), "");
  const Reply large = connection.get("/text+css/900000", accepts("gzip"));
  EXPECT_EQ(field_of(large, "Content-Length"), "");
  EXPECT_EQ(field_of(large, "Transfer-Encoding"), "chunked");
}

TEST_F(Compression, WhoDoesNotAcceptItGetsTheBytesAsTheyAreAndCachesAreTold) {
  App app(text_app("length"));
  Edge edge(state_.path());
  serve(edge, app);
  Connection connection(edge.port());
  for (const std::string& fields :
       {std::string("Host: h\r\n"), accepts("identity"), accepts("gzip;q=0, br;q=0, zstd;q=0"),
        accepts("gzip") + "Cache-Control: no-transform\r\n"}) {
    const Reply reply = connection.get("/text+html/5000", fields);
    EXPECT_EQ(field_of(reply, "Content-Encoding"), "") << fields;
    EXPECT_EQ(field_of(reply, "Content-Length"), "5000");
    EXPECT_EQ(field_of(reply, "ETag"), "\"v1\"");
    EXPECT_EQ(field_of(reply, "Vary"), "Accept-Encoding");
    EXPECT_TRUE(reply.body == text_of(5000));
  }
}

TEST_F(Compression, ShortOtherAndForeignContentIsNotTouched) {
  App app(text_app("length"));
  Edge edge(state_.path());
  serve(edge, app);
  Connection connection(edge.port());
  for (const char* target : {"/text+html/1023", "/image+png/50000", "/text+event-stream/5000"}) {
    const Reply reply = connection.get(target, accepts("gzip, br, zstd"));
    EXPECT_EQ(field_of(reply, "Content-Encoding"), "") << target;
    EXPECT_EQ(field_of(reply, "Vary"), "") << target;
    EXPECT_EQ(field_of(reply, "ETag"), "\"v1\"") << target;
    EXPECT_EQ(std::to_string(reply.body.size()),
              std::string(target).substr(std::string(target).rfind('/') + 1));
  }
  App encoded([](int fd, const App::Request&) {
    return write_all(fd,
                     "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: "
                     "br\r\nContent-Length: 2000\r\n\r\n" +
                         std::string(2000, 'x'));
  });
  serve(edge, encoded);
  const Reply reply = connection.get("/", accepts("gzip"));
  EXPECT_EQ(field_of(reply, "Content-Encoding"), "br");
  EXPECT_EQ(reply.body, std::string(2000, 'x'));
}

TEST_F(Compression, WhatGainsNothingGoesAsItIs) {
  std::string noise(4000, '\0');
  std::uint32_t state = 1;
  for (char& c : noise) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  App app([&noise](int fd, const App::Request&) {
    return write_all(
        fd, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4000\r\n\r\n" + noise);
  });
  Edge edge(state_.path());
  serve(edge, app);
  const Reply reply = get(edge.port(), "/", "h", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(field_of(reply, "Content-Encoding"), "");
  EXPECT_EQ(field_of(reply, "Vary"), "Accept-Encoding");
  EXPECT_TRUE(reply.body == noise);
}

TEST_F(Compression, NothingIsHeldBackUntilTheEnd) {
  for (const char* name : kNames) {
    std::promise<void> go_on;
    auto gone_on = go_on.get_future().share();
    App app([gone_on](int fd, const App::Request&) {
      write_all(fd,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: "
                "chunked\r\n\r\n5\r\nfirst\r\n");
      gone_on.wait_for(std::chrono::seconds(5));
      return write_all(fd, "6\r\nsecond\r\n0\r\n\r\n");
    });
    TempDir state;
    Edge edge(state.path());
    serve(edge, app);
    Connection connection(edge.port());
    connection.send("GET / HTTP/1.1\r\n" + accepts(name) + "\r\n");
    std::string early;
    const auto content = [&] {
      const std::size_t end = early.find("\r\n\r\n");
      std::string chunks = end == std::string::npos ? "" : early.substr(end + 4);
      std::string bytes;
      http::ChunkedDecoder decoder;
      std::string_view input = chunks;
      for (auto piece = decoder.next(input); piece.got == http::ChunkedDecoder::Got::Content;
           piece = decoder.next(input))
        bytes += piece.content;
      const auto decoded = decode(name, bytes);
      return decoded ? decoded->content : "";
    };
    while (content() != "first") {
      const std::string byte = connection.read_bytes(1);
      ASSERT_FALSE(byte.empty()) << name << ": the first piece was held back: " << early;
      early += byte;
    }
    go_on.set_value();
    while (content() != "firstsecond") {
      const std::string byte = connection.read_bytes(1);
      ASSERT_FALSE(byte.empty()) << name;
      early += byte;
    }
  }
}

TEST_F(Compression, HeadsWithoutContentSpeakOfWhatAGetWouldBring) {
  App app([](int fd, const App::Request& request) {
    if (request.target == "/304")
      return write_all(fd, "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n");
    if (request.target == "/206")
      return write_all(fd,
                       "HTTP/1.1 206 Partial Content\r\nContent-Type: text/html\r\nETag: "
                       "\"v1\"\r\nContent-Range: bytes 0-1499/9000\r\nContent-Length: "
                       "1500\r\n\r\n" +
                           text_of(1500));
    if (request.target == "/204") return write_all(fd, "HTTP/1.1 204 No Content\r\n\r\n");
    return serve_text(fd, request, "length");
  });
  Edge edge(state_.path());
  serve(edge, app);
  Connection connection(edge.port());
  connection.send("HEAD /text+html/5000 HTTP/1.1\r\n" + accepts("br") + "\r\n");
  const Reply head = connection.read("HEAD");
  EXPECT_EQ(field_of(head, "Content-Encoding"), "br");
  EXPECT_EQ(field_of(head, "Content-Length"), "");
  EXPECT_EQ(field_of(head, "ETag"), "W/\"v1\"");
  EXPECT_EQ(field_of(connection.get("/304", accepts("br")), "ETag"), "W/\"v1\"");
  EXPECT_EQ(connection.get("/204", accepts("br")).status, 204);
  const Reply part = connection.get("/206", accepts("br"));
  EXPECT_EQ(field_of(part, "Content-Encoding"), "");
  EXPECT_EQ(field_of(part, "ETag"), "\"v1\"");
  EXPECT_TRUE(part.body == text_of(1500));
  EXPECT_EQ(connection.get("/text+html/5000", accepts("br")).status, 200);
}

TEST_F(Compression, AnOldClientGetsOnlyWhatCanBeMeasured) {
  App whole(text_app("length"));
  Edge edge(state_.path());
  serve(edge, whole);
  const std::string ask = "GET /text+html/3000 HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n";
  const Reply small = request(edge.port(), ask);
  EXPECT_EQ(field_of(small, "Content-Encoding"), "gzip");
  EXPECT_EQ(field_of(small, "Content-Length"), std::to_string(small.body.size()));
  EXPECT_TRUE(decode("gzip", small.body)->content == text_of(3000));
  App chunked(text_app("chunked"));
  serve(edge, chunked);
  const Reply stream = request(edge.port(), ask);
  EXPECT_EQ(field_of(stream, "Content-Encoding"), "");
  EXPECT_TRUE(stream.body == text_of(3000));
}

TEST_F(Compression, AnAnswerThatBreaksOffNeverLooksWhole) {
  App app([](int fd, const App::Request&) {
    write_all(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 90000\r\n\r\n" +
                      text_of(20'000));
    return false;
  });
  Edge edge(state_.path());
  serve(edge, app);
  for (const char* name : kNames) {
    const Reply reply =
        get(edge.port(), "/", "h", std::string("Accept-Encoding: ") + name + "\r\n");
    EXPECT_EQ(reply.status, 200);
    EXPECT_FALSE(reply.complete) << name;
  }
}

TEST_F(Compression, MoreAtOnceThanAllowedGoAsTheyAre) {
  std::promise<void> go_on;
  auto gone_on = go_on.get_future().share();
  App app([gone_on](int fd, const App::Request&) {
    write_all(fd,
              "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: "
              "chunked\r\n\r\n5\r\nfirst\r\n");
    gone_on.wait_for(std::chrono::seconds(5));
    return write_all(fd, "0\r\n\r\n");
  });
  Edge edge(state_.path(), {"--compressions", "2"});
  serve(edge, app);
  std::vector<std::unique_ptr<Connection>> connections;
  std::string heads;
  for (int i = 0; i < 12; ++i) {
    connections.push_back(std::make_unique<Connection>(edge.port()));
    connections.back()->send("GET / HTTP/1.1\r\n" + accepts("gzip") + "\r\n");
    while (heads.find("\r\n\r\n") == std::string::npos) {
      const std::string byte = connections.back()->read_bytes(1);
      ASSERT_FALSE(byte.empty());
      heads += byte;
    }
    heads.replace(heads.find("\r\n\r\n"), 4, "\n");
  }
  const auto encoded = count_of_text(heads, "Content-Encoding: gzip");
  EXPECT_GE(encoded, 2);
  EXPECT_LE(encoded, 4) << "two workers, two each";
  go_on.set_value();
  connections.clear();
  // Those that ended make room again.
  EXPECT_TRUE(eventually([&] {
    App quick(text_app("length"));
    serve(edge, quick);
    return field_of(get(edge.port(), "/text+html/5000", "h", "Accept-Encoding: gzip\r\n"),
                    "Content-Encoding") == "gzip";
  }));
}

TEST_F(Compression, ASlowReaderGetsEveryByteAndHoldsTheUpstreamBack) {
  App app(text_app("length"));
  Edge edge(state_.path());
  serve(edge, app);
  constexpr std::size_t kSize = 8'000'000;
  Connection connection(edge.port());
  const int small = 65'536;
  ASSERT_EQ(::setsockopt(connection.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
  connection.send("GET /text+html/" + std::to_string(kSize) + " HTTP/1.1\r\n" + accepts("zstd") +
                  "\r\n");
  const std::string begin = connection.read_bytes(100);
  Connection other(edge.port());
  EXPECT_EQ(other.get("/text+html/5000", accepts("zstd")).status, 200);
  ASSERT_EQ(begin.size(), 100U);
  const Reply reply = connection.read_behind(begin);
  EXPECT_TRUE(reply.complete);
  EXPECT_TRUE(decode("zstd", reply.body)->content == text_of(kSize));
}

TEST_F(Compression, TheLogTellsWhatWasSentNotWhatItWasMadeOf) {
  App app(text_app("length"));
  Edge edge(state_.path());
  serve(edge, app);
  const Reply reply = get(edge.port(), "/text+html/50000", "h", "Accept-Encoding: br\r\n");
  const std::string path = state_.path() + "/logs/access.log";
  ASSERT_TRUE(eventually([&] { return !io::read_file(path).value_or("").empty(); }));
  const std::string log = io::read_file(path).value_or("");
  EXPECT_NE(log.find("\"bytes_out\":" + std::to_string(reply.body.size()) + ","), std::string::npos)
      << log;
}

TEST_F(Compression, WithoutTheMemberNothingIsCompressed) {
  App app(text_app("length"));
  Edge edge(state_.path());
  edge.put("a", list_of({service("web", "r1", {app.address()})}));
  const Reply reply = get(edge.port(), "/text+html/5000", "h", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(field_of(reply, "Content-Encoding"), "");
  EXPECT_EQ(field_of(reply, "Vary"), "");
}

}  // namespace
}  // namespace slipway::edge::test

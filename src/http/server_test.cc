#include "http/server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "http/client.h"
#include "io/clock.h"
#include "io/files.h"
#include "io/poll.h"

namespace slipway::http {
namespace {

// A server on a thread of its own, on a unix socket and a TCP port.
class Served {
 public:
  explicit Served(Server::OnRequest on_request, ServerLimits limits = {}) {
    folder_ = *io::make_temp_dir("http-test-");
    loop_ = std::move(*io::EventLoop::make());
    server_ = std::make_unique<Server>(*loop_, std::move(on_request), limits);
    EXPECT_TRUE(server_->listen_unix(path(), 0600));
    port_ = *server_->listen_tcp("127.0.0.1", 0);
    thread_ = std::thread([this] { loop_->run(); });
  }
  ~Served() {
    loop_->post([this] { server_.reset(); });
    loop_->stop();
    thread_.join();
    server_.reset();
    EXPECT_FALSE(io::exists(path()));
    EXPECT_TRUE(io::remove_tree(folder_, "/tmp"));
  }
  std::string path() const { return folder_ + "/api.sock"; }
  int port() const { return port_; }
  io::EventLoop& loop() { return *loop_; }
  Client tcp() const { return Client::on_tcp("127.0.0.1", port_); }

 private:
  std::string folder_;
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<Server> server_;
  int port_ = 0;
  std::thread thread_;
};

void echo(const Request& request, const std::shared_ptr<Responder>& responder) {
  responder->respond(200, request.method + " " + request.path + " " + request.body, "text/plain");
}

Call get(std::string target) {
  Call call;
  call.target = std::move(target);
  return call;
}

// What comes over a bare connection until it is closed or nothing has come for `quiet`.
std::string raw(int port, const std::string& bytes, Millis quiet = Millis(5000)) {
  io::Fd fd = *io::connect_tcp({"127.0.0.1", port}, Millis(2000));
  EXPECT_TRUE(io::write_all(fd.get(), bytes, Millis(2000)));
  std::string got;
  char buffer[4096];
  while (*io::wait_ready(fd.get(), POLLIN, quiet)) {
    const ssize_t count = ::read(fd.get(), buffer, sizeof(buffer));
    if (count <= 0) break;
    got.append(buffer, static_cast<std::size_t>(count));
  }
  return got;
}

int count_of(const std::string& text, const std::string& what) {
  int count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST(Server, AnswersOnUnixAndTcp) {
  Served served(echo);
  EXPECT_EQ(served.tcp().request(get("/a"))->body, "GET /a ");
  const auto response = Client::on_unix(served.path()).request(get("/b"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "GET /b ");
  EXPECT_EQ(response->field("content-type"), "text/plain");
}

TEST(Server, TellsWhoIsAtTheOtherEndOfAUnixSocket) {
  Served served([](const Request& request, const std::shared_ptr<Responder>& responder) {
    responder->respond(200,
                       request.peer ? std::to_string(request.peer->uid) : "tcp " + request.remote);
  });
  EXPECT_EQ(Client::on_unix(served.path()).request(get("/"))->body, std::to_string(::getuid()));
  EXPECT_EQ(served.tcp().request(get("/"))->body.substr(0, 14), "tcp 127.0.0.1:");
}

TEST(Server, ReadsABodyByLengthAndInChunks) {
  Served served(echo);
  Call call;
  call.method = "POST";
  call.body = std::string(300'000, 'x');
  EXPECT_EQ(served.tcp().request(call)->body, "POST / " + call.body);
  const std::string chunked =
      raw(served.port(),
          "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
          "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_NE(chunked.find("POST / abcde"), std::string::npos) << chunked;
}

TEST(Server, AnswersPipelinedRequestsInOrderOnOneConnection) {
  Served served(echo);
  std::string requests;
  for (int i = 0; i < 200; ++i)
    requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  requests += "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const std::string got = raw(served.port(), requests);
  EXPECT_EQ(count_of(got, "HTTP/1.1 200 OK"), 201);
  EXPECT_LT(got.find("GET /7 "), got.find("GET /8 "));
  EXPECT_NE(got.find("GET /last "), std::string::npos);
}

TEST(Server, AnswersLaterFromAnotherThreadByPost) {
  std::thread later;
  io::EventLoop* loop = nullptr;
  Served served([&](const Request&, std::shared_ptr<Responder> responder) {
    later = std::thread([&loop, responder = std::move(responder)]() mutable {
      loop->post([responder = std::move(responder)] { responder->respond(202, "later"); });
    });
  });
  loop = &served.loop();
  const auto response = served.tcp().request(get("/"));
  later.join();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 202);
}

TEST(Server, SaysFiveHundredWhenNobodyAnswers) {
  Served served([](const Request&, const std::shared_ptr<Responder>&) {});
  EXPECT_EQ(served.tcp().request(get("/"))->status, 500);
}

TEST(Server, RefusesABodyBeyondTheLimit) {
  ServerLimits limits;
  limits.body_bytes = 1000;
  Served served(echo, limits);
  Call call;
  call.method = "POST";
  call.body = std::string(3'000'000, 'x');
  EXPECT_EQ(served.tcp().request(call)->status, 413);
  const std::string chunked = raw(served.port(),
                                  "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "800\r\n" +
                                      std::string(0x800, 'y') + "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.substr(0, 12), "HTTP/1.1 413");
}

TEST(Server, RefusesWhatIsNotHttpAndCloses) {
  Served served(echo);
  EXPECT_EQ(raw(served.port(), "nonsense\r\n\r\n").substr(0, 12), "HTTP/1.1 400");
  EXPECT_EQ(raw(served.port(), "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(40'000, 'a'))
                .substr(0, 12),
            "HTTP/1.1 431");
}

TEST(Server, EndsHeadsAndBodiesThatTakeTooLong) {
  ServerLimits limits;
  limits.head_time = limits.body_time = limits.idle_time = Millis(50);
  Served served(echo, limits);
  EXPECT_EQ(raw(served.port(), "GET / HT").substr(0, 12), "HTTP/1.1 408");
  EXPECT_EQ(raw(served.port(), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
                .substr(0, 12),
            "HTTP/1.1 408");
  EXPECT_EQ(raw(served.port(), ""), "");  // idle: closed without a word
}

TEST(Server, AsksForABodyThatWaitsForContinue) {
  Served served(echo);
  io::Fd fd = *io::connect_tcp({"127.0.0.1", served.port()}, Millis(2000));
  ASSERT_TRUE(io::write_all(
      fd.get(), "POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
      Millis(2000)));
  char buffer[256];
  ASSERT_TRUE(*io::wait_ready(fd.get(), POLLIN, Millis(5000)));
  const ssize_t count = ::read(fd.get(), buffer, sizeof(buffer));
  EXPECT_EQ(std::string(buffer, static_cast<std::size_t>(count)), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST(Server, SendsNoBodyForHeadAnd204) {
  Served served([](const Request& request, const std::shared_ptr<Responder>& responder) {
    responder->respond(request.path == "/none" ? 204 : 200, "body");
  });
  const std::string head =
      raw(served.port(), "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: 4\r\n"), std::string::npos);
  EXPECT_EQ(head.substr(head.size() - 4), "\r\n\r\n");
  const std::string none =
      raw(served.port(), "GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(none.find("Content-Length"), std::string::npos);
}

TEST(Server, StreamsEventsLineByLine) {
  Served served([](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->begin_stream(200, "text/event-stream");
    for (int i = 0; i < 5; ++i) responder->write_chunk("data: " + std::to_string(i) + "\n\n");
    responder->end_stream();
  });
  std::vector<std::string> lines;
  const auto response = served.tcp().stream(get("/events"), [&](std::string_view line) {
    if (!line.empty()) lines.emplace_back(line);
    return true;
  });
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_EQ(response->field("content-type"), "text/event-stream");
  EXPECT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines.back(), "data: 4");
}

TEST(Server, NoticesThatAStreamsReaderIsGone) {
  std::atomic<bool> closed{false};
  std::shared_ptr<Responder> kept;
  Served served([&](const Request&, const std::shared_ptr<Responder>& responder) {
    kept = responder;
    responder->begin_stream(200, "text/event-stream");
    responder->on_closed([&] {
      closed = true;
      kept.reset();
    });
    responder->write_chunk("one\n");
  });
  const auto response = served.tcp().stream(get("/"), [](std::string_view) { return false; });
  ASSERT_TRUE(response);
  const std::int64_t deadline = io::monotonic_us() + 5'000'000;
  while (!closed && io::monotonic_us() < deadline) ::poll(nullptr, 0, 1);
  EXPECT_TRUE(closed);
}

TEST(Server, DropsAStreamsReaderThatIsTooSlow) {
  ServerLimits limits;
  limits.stream_backlog = 100'000;
  std::atomic<bool> dropped{false};
  Served served(
      [&](const Request&, const std::shared_ptr<Responder>& responder) {
        responder->begin_stream(200, "text/plain");
        const std::string chunk(50'000, 'x');
        for (int i = 0; i < 1000 && !dropped; ++i) dropped = !responder->write_chunk(chunk);
        EXPECT_FALSE(responder->is_open());
      },
      limits);
  io::Fd fd = *io::connect_tcp({"127.0.0.1", served.port()}, Millis(2000));
  ASSERT_TRUE(io::write_all(fd.get(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n", Millis(2000)));
  const std::int64_t deadline = io::monotonic_us() + 5'000'000;
  while (!dropped && io::monotonic_us() < deadline) ::poll(nullptr, 0, 1);
  EXPECT_TRUE(dropped);
}

TEST(Server, CarriesALargeAnswerToAReaderThatTakesItsTime) {
  const std::string large(8'000'000, 'z');
  Served served([&](const Request&, const std::shared_ptr<Responder>& responder) {
    responder->respond(200, large, "text/plain");
  });
  EXPECT_EQ(served.tcp().request(get("/"))->body.size(), large.size());
}

TEST(Server, GivesTheSocketFileTheModeAskedFor) {
  Served served(echo);
  struct stat facts {};
  ASSERT_EQ(::stat(served.path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST(Message, FindsDecodedQueryValues) {
  Request request;
  request.query = "a=1&b%20c=x%2Fy&empty";
  EXPECT_EQ(request.query_value("a"), "1");
  EXPECT_EQ(request.query_value("b c"), "x/y");
  EXPECT_EQ(request.query_value("empty"), "");
  EXPECT_EQ(request.query_value("none"), std::nullopt);
  EXPECT_EQ(percent_decoded("%4"), std::nullopt);
  EXPECT_EQ(percent_decoded("%zz"), std::nullopt);
  EXPECT_EQ(percent_decoded(percent_encoded("a/ä?&=%")), "a/ä?&=%");
}

}  // namespace
}  // namespace slipway::http

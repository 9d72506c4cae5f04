#include "http/client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "io/poll.h"

namespace slipway::http {
namespace {

// Takes one connection, waits for the request's empty line, says `answer` and closes.
class OneAnswer {
 public:
  enum class Then { Close, Hang };
  explicit OneAnswer(std::string answer, Then then = Then::Close)
      : listener_(*io::listen_tcp({"127.0.0.1", 0})), port_(io::local_port(listener_.get())) {
    thread_ = std::thread([this, answer = std::move(answer), then] {
      if (!*io::wait_ready(listener_.get(), POLLIN, Millis(5000))) return;
      io::Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      char buffer[4096];
      while (seen_.find("\r\n\r\n") == std::string::npos) {
        const ssize_t count = ::read(fd.get(), buffer, sizeof(buffer));
        if (count <= 0) return;
        seen_.append(buffer, static_cast<std::size_t>(count));
      }
      EXPECT_TRUE(io::write_all(fd.get(), answer, Millis(5000)));
      // Hangs until the client has gone; how that ends is not asked.
      if (then == Then::Hang) static_cast<void>(io::wait_ready(fd.get(), POLLIN, Millis(5000)));
    });
  }
  ~OneAnswer() { thread_.join(); }
  Client client() const { return Client::on_tcp("127.0.0.1", port_); }
  const std::string& seen() const { return seen_; }

 private:
  io::Fd listener_;
  int port_;
  std::string seen_;
  std::thread thread_;
};

TEST(Client, KnowsThatNothingWasSentWhenNobodyListens) {
  int port = 0;
  { port = io::local_port(io::listen_tcp({"127.0.0.1", 0})->get()); }
  Sent sent = Sent::Maybe;
  const auto response = Client::on_tcp("127.0.0.1", port).request({}, &sent);
  ASSERT_FALSE(response);
  EXPECT_EQ(sent, Sent::Nothing);
  EXPECT_NE(response.error().what.find("127.0.0.1:" + std::to_string(port)), std::string::npos);
}

TEST(Client, NamesTheSocketThatIsNotThere) {
  Sent sent = Sent::Maybe;
  const auto response = Client::on_unix("/tmp/no-such-folder/x.sock").request({}, &sent);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::NotFound);
  EXPECT_EQ(sent, Sent::Nothing);
}

TEST(Client, SaysMaybeSentWhenTheAnswerIsMissing) {
  OneAnswer silent("");
  Sent sent = Sent::Nothing;
  const auto response = silent.client().request({}, &sent);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::ConnectionLost);
  EXPECT_EQ(sent, Sent::Maybe);
}

TEST(Client, TimesOutWhenTheAnswerDoesNotCome) {
  OneAnswer hung("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", OneAnswer::Then::Hang);
  Call call;
  call.timeout = Millis(50);
  Sent sent = Sent::Nothing;
  const auto response = hung.client().request(call, &sent);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::Timeout);
  EXPECT_EQ(sent, Sent::Maybe);
}

TEST(Client, NoticesABodyThatEndsTooSoon) {
  OneAnswer cut("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(cut.client().request({}).error().code, Code::ConnectionLost);
  OneAnswer cut_chunk("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
  EXPECT_EQ(cut_chunk.client().request({}).error().code, Code::ConnectionLost);
}

TEST(Client, ReadsABodyUntilTheConnectionEnds) {
  OneAnswer old("HTTP/1.0 200 OK\r\n\r\nall of it");
  EXPECT_EQ(old.client().request({})->body, "all of it");
}

TEST(Client, GoesPastInterimAnswers) {
  OneAnswer interim(
      "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
  const auto response = interim.client().request({});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "no");
}

TEST(Client, RefusesWhatIsNotHttp) {
  OneAnswer other("+OK POP3 ready\r\n\r\n");
  EXPECT_EQ(other.client().request({}).error().code, Code::Malformed);
}

TEST(Client, RefusesABodyBeyondItsLimit) {
  OneAnswer large("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'));
  Call call;
  call.max_body = 50;
  EXPECT_EQ(large.client().request(call).error().code, Code::TooLarge);
}

TEST(Client, SendsFieldsBodyAndHost) {
  std::string seen;
  {
    OneAnswer fine("HTTP/1.1 204 No Content\r\n\r\n");
    Call call{"POST", "/v1/x", {{"Authorization", "Bearer t"}}, "{}"};
    EXPECT_EQ(fine.client().request(call)->status, 204);
    seen = fine.seen();
  }
  EXPECT_EQ(seen.substr(0, 27), "POST /v1/x HTTP/1.1\r\nHost: ");
  EXPECT_NE(seen.find("Authorization: Bearer t\r\n"), std::string::npos);
  EXPECT_NE(seen.find("Content-Length: 2\r\n"), std::string::npos);
}

TEST(Client, GivesTheBodyOfAStreamThatWasRefused) {
  OneAnswer refused("HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno\n");
  const auto response = refused.client().stream({}, [](std::string_view) {
    ADD_FAILURE() << "no line belongs to a refusal";
    return true;
  });
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "no\n");
}

TEST(Client, GivesTheLastLineOfAStreamWithoutItsLineEnd) {
  OneAnswer lines("HTTP/1.1 200 OK\r\n\r\none\r\ntwo");
  std::vector<std::string> got;
  ASSERT_TRUE(lines.client().stream({}, [&](std::string_view line) {
    got.emplace_back(line);
    return true;
  }));
  EXPECT_EQ(got, (std::vector<std::string>{"one", "two"}));
}

}  // namespace
}  // namespace slipway::http

#include "io/socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/files.h"
#include "io/poll.h"

namespace slipway::io {
namespace {

class SocketTest : public ::testing::Test {
 protected:
  ~SocketTest() override { EXPECT_TRUE(remove_tree(folder_, "/tmp")); }
  std::string at(const std::string& name) const { return join_path(folder_, name); }
  std::string folder_ = *make_temp_dir("socket-test-");
};

TEST_F(SocketTest, ReadsAddresses) {
  EXPECT_EQ(parse_host_port("127.0.0.1:80")->port, 80);
  EXPECT_EQ(parse_host_port("[::1]:80")->host, "::1");
  EXPECT_EQ(parse_host_port(":8080")->host, "");
  EXPECT_EQ(parse_host_port("8080")->port, 8080);
  for (const char* wrong : {"", "localhost", "a:b", "::1:80", "x:70000", "x:-1", "x:"}) {
    EXPECT_FALSE(parse_host_port(wrong)) << wrong;
  }
}

TEST_F(SocketTest, ConnectsOverTcpAndClosesOnExec) {
  const auto listener = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(listener);
  const auto client = connect_tcp({"127.0.0.1", local_port(listener->get())}, Millis(2000));
  ASSERT_TRUE(client);
  EXPECT_NE(::fcntl(listener->get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(client->get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(peer_address(client->get()),
            "127.0.0.1:" + std::to_string(local_port(listener->get())));
}

TEST_F(SocketTest, NamesTheAddressThatIsTaken) {
  const auto first = listen_tcp({"127.0.0.1", 0});
  const int port = local_port(first->get());
  const auto second = listen_tcp({"127.0.0.1", port});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::AddressInUse);
  EXPECT_NE(second.error().what.find(std::to_string(port)), std::string::npos);
  EXPECT_FALSE(second.error().next.empty());
}

TEST_F(SocketTest, SharesAPortWhenAsked) {
  const auto first = listen_tcp_shared({"127.0.0.1", 0});
  EXPECT_TRUE(listen_tcp_shared({"127.0.0.1", local_port(first->get())}));
}

TEST_F(SocketTest, ReplacesAStaleSocketFileOnly) {
  { ASSERT_TRUE(listen_unix(at("s"))); }
  ASSERT_TRUE(exists(at("s")));  // its listener is gone, its file is not
  const auto alive = listen_unix(at("s"));
  ASSERT_TRUE(alive);
  const auto second = listen_unix(at("s"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::AddressInUse);
  EXPECT_TRUE(connect_unix(at("s"), Millis(2000)));
}

TEST_F(SocketTest, LeavesAFileThatIsNotASocketAlone) {
  ASSERT_TRUE(append_file(at("s"), "mine"));
  EXPECT_EQ(listen_unix(at("s")).error().code, Code::AlreadyExists);
  EXPECT_EQ(*read_file(at("s")), "mine");
}

TEST_F(SocketTest, RefusesAPathThatIsTooLong) {
  EXPECT_EQ(listen_unix(at(std::string(120, 'x'))).error().code, Code::TooLarge);
}

TEST_F(SocketTest, TimesOutWhenAUnixListenersQueueIsFull) {
  Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto holder = listen_unix(at("s"));
  ASSERT_EQ(::listen(holder->get(), 0), 0);
  std::vector<Fd> waiting;
  Code last = Code::Internal;
  for (int i = 0; i < 4; ++i) {
    auto fd = connect_unix(at("s"), Millis(30));
    if (!fd) {
      last = fd.error().code;
      break;
    }
    waiting.push_back(std::move(*fd));
  }
  EXPECT_EQ(last, Code::Timeout);
}

TEST_F(SocketTest, SendsFileDescriptorsAcross) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd a(ends[0]);
  Fd b(ends[1]);
  ASSERT_TRUE(append_file(at("f"), "through"));
  const Fd file(::open(at("f").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(send_fds(a.get(), {file.get(), file.get()}, "two"));
  const auto received = recv_fds(b.get());
  ASSERT_TRUE(received);
  EXPECT_EQ(received->text, "two");
  ASSERT_EQ(received->fds.size(), 2U);
  EXPECT_NE(::fcntl(received->fds[0].get(), F_GETFD) & FD_CLOEXEC, 0);
  char text[16] = {};
  EXPECT_EQ(::read(received->fds[1].get(), text, sizeof(text)), 7);
  b.reset();
  EXPECT_FALSE(send_fds(a.get(), {}, "x"));
}

TEST_F(SocketTest, KnowsThePeerOfAUnixSocket) {
  const auto listener = listen_unix(at("s"), 0660);
  const auto client = connect_unix(at("s"), Millis(2000));
  const Fd accepted(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
  const auto peer = peer_of(accepted.get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_EQ(peer->uid, ::getuid());
  EXPECT_EQ(peer_address(accepted.get()), "");
}

TEST_F(SocketTest, GivesUpWritingToAPeerThatTakesNothing) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  const Fd a(ends[0]);
  const Fd b(ends[1]);
  EXPECT_EQ(write_all(a.get(), std::string(8'000'000, 'x'), Millis(30)).error().code,
            Code::Timeout);
}

}  // namespace
}  // namespace slipway::io

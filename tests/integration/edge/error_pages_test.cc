// K16, K23 with pages: what the edge says itself in a service's own words.
#include <gtest/gtest.h>

#include "edge/verbs.h"
#include "io/files.h"
#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

class ErrorPagesAtTheEdge : public ::testing::Test {
 protected:
  TempDir state_;
  TempDir pages_;
  Edge edge_{state_.path()};
  App app_{"app"};

  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(io::write_file_atomically(pages_.path() + "/" + name, text));
  }
  Json web(const std::string& target) {
    Json shield = Json::object();
    shield.set("error_pages", pages_.path());
    return service("web", "r1", {target}).set("shield", shield);
  }
  verbs::DeployOptions options() {
    verbs::DeployOptions out;
    out.name = "shop";
    out.targets = {app_.address()};
    return out;
  }
  std::string table() { return io::read_file(state_.path() + "/edge-table.json").value(); }
};

TEST_F(ErrorPagesAtTheEdge, K16_ABadPathOrFileIsRefusedAndChangesNothing) {
  ASSERT_TRUE(verbs::deploy(options(), edge_.socket()));
  const std::string before = table();
  const auto refused = [&](const verbs::DeployOptions& bad) {
    const auto result = verbs::deploy(bad, edge_.socket());
    EXPECT_FALSE(result);
    EXPECT_EQ(get(edge_.port(), "/").status, 200) << "the live app still answers";
    EXPECT_EQ(table(), before) << "the saved state is unchanged";
    EXPECT_TRUE(Json::parse(table()));
    return result ? std::string() : result.error().sentence();
  };
  verbs::DeployOptions bad = options();
  bad.error_pages = pages_.path() + "/nowhere";
  EXPECT_NE(refused(bad).find("nowhere"), std::string::npos);
  bad.error_pages = pages_.path();
  EXPECT_NE(refused(bad).find("no page"), std::string::npos);
  write("503.html", "<h1>{{ .Name }}</h1>");
  EXPECT_NE(refused(bad).find("503.html"), std::string::npos);
  bad = options();
  bad.tls = true;
  bad.tls_certificate_path = bad.tls_private_key_path = pages_.path() + "/nowhere.pem";
  EXPECT_NE(refused(bad).find("nowhere.pem"), std::string::npos);
}

TEST_F(ErrorPagesAtTheEdge, K23_AStoppedServiceShowsItsMessageInItsOwnPage) {
  write("503.html", "<p>{{ .Message }}</p>");
  verbs::DeployOptions with_pages = options();
  with_pages.error_pages = pages_.path();
  ASSERT_TRUE(verbs::deploy(with_pages, edge_.socket()));
  ASSERT_TRUE(verbs::stop("shop", "Back in <15> mins!", Millis(100), edge_.socket()));
  const Reply reply = get(edge_.port(), "/");
  EXPECT_EQ(reply.status, 503);
  EXPECT_TRUE(reply.has("Content-Type: text/html"));
  EXPECT_EQ(reply.body, "<p>Back in &lt;15&gt; mins!</p>");
}

TEST_F(ErrorPagesAtTheEdge, AreForTheEdgesOwnAnswersAndNotTheApps) {
  write("502.html", "<b>502</b>");
  write("4xx.html", "<b>{{.Message}}</b>");
  App failing([](int fd, const App::Request& request) {
    if (request.target == "/close") return false;
    return write_all(fd, "HTTP/1.1 502 Bad\r\nContent-Length: 3\r\n\r\napp");
  });
  edge_.put("a", list_of({web(failing.address())}));
  EXPECT_EQ(get(edge_.port(), "/").body, "app");
  EXPECT_EQ(get(edge_.port(), "/close").body, "<b>502</b>");
  const std::string trace = "TRACE / HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(request(edge_.port(), trace, "TRACE").body, "<b>TRACE is not passed on</b>");
  // Without a page of its own a status keeps the edge's words.
  edge_.put("a", list_of({web(failing.address()).set("state", "stopped")}));
  EXPECT_NE(get(edge_.port(), "/").body.find("Service unavailable"), std::string::npos);
}

TEST_F(ErrorPagesAtTheEdge, AreKeptWhenTheirFolderIsGoneAndReadAgainWithEachTable) {
  write("502.html", "one");
  App gone("gone");
  gone.stop();
  edge_.put("a", list_of({web(gone.address())}));
  EXPECT_EQ(get(edge_.port(), "/").body, "one");
  write("502.html", "two");
  edge_.put("b", Json::array());
  EXPECT_EQ(get(edge_.port(), "/").body, "two");
  ASSERT_TRUE(io::remove_file(pages_.path() + "/502.html"));
  edge_.put("b", Json::array());
  EXPECT_EQ(get(edge_.port(), "/").body, "two");
}

}  // namespace
}  // namespace slipway::edge::test

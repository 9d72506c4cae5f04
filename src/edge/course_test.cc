// What a request's head says about its way, and what the answer tells its client.
#include "edge/course.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "edge/cookies.h"
#include "edge/routes.h"

namespace slipway::edge {
namespace {

constexpr std::uint64_t kNow = 1'700'000'000'000;

class Courses : public ::testing::Test {
 protected:
  Service service_;
  Registry registry_{1};
  std::unique_ptr<Routes> routes_;
  std::string bytes_;
  http::RequestHead head_;
  Address peer_ = parse_address("10.1.2.3:4000").value();

  Courses() {
    service_.name = "web";
    service_.app = "shop";
    service_.environment = "prod";
    service_.pools = {{"old", 9'000, {"127.0.0.1:1", "127.0.0.1:2"}},
                      {"new", 1'000, {"127.0.0.1:3"}}};
  }
  const RouteService& route() {
    Table table;
    table.services = {service_};
    routes_ = std::make_unique<Routes>(table, registry_);
    return routes_->services()[0];
  }
  Course read(const std::string& fields, const std::string& method = "GET") {
    bytes_ = method + " /assets/a.js HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
    const auto parsed = http::parse_request_head(bytes_);
    EXPECT_EQ(parsed.parsed, http::Parsed::Complete);
    head_ = parsed.head;
    return read_course(route(), head_, {peer_, head_.path, kNow, 77});
  }
  std::string cookies(const Course& course, std::uint64_t tag = 0, bool secure = false) {
    std::string out;
    const RouteService& now = route();
    write_cookies(course, now, now.pools[0], http::Headers(), {secure, kNow, tag}, out);
    return out;
  }
};

TEST_F(Courses, WithoutRulesAHeadSaysNothing) {
  EXPECT_FALSE(route().reads_course);
  const Course course = read("Cookie: slipway_client=0123456789abcdef\r\nX-Slipway-Token: x\r\n");
  EXPECT_EQ(course.release, Course::Release::ByTurn);
  EXPECT_FALSE(course.marks_answer());
  EXPECT_FALSE(course.watches_answer());
}

TEST_F(Courses, AnOwnCookieIsTakenWhenWellFormedAndMadeOtherwise) {
  service_.traffic.split.by = SplitRule::By::Client;
  const Course known = read("Cookie: slipway_client=0123456789abcdef\r\n");
  EXPECT_EQ(known.id, 0x0123456789abcdefU);
  EXPECT_FALSE(known.issues_id);
  for (const char* bad :
       {"", "0123", "0123456789abcdeg", "0123456789abcdef0", "0000000000000000"}) {
    const Course made = read("Cookie: slipway_client=" + std::string(bad) + "\r\n");
    EXPECT_TRUE(made.issues_id) << bad;
    EXPECT_EQ(made.id, 77U);
  }
  EXPECT_EQ(cookies(read("")),
            "Set-Cookie: slipway_client=000000000000004d; Path=/; Max-Age=31536000; HttpOnly; "
            "SameSite=Lax\r\n");
  EXPECT_NE(cookies(read(""), 0, true).find("; Secure\r\n"), std::string::npos);
}

TEST_F(Courses, AnAddressIsTheOneThatATrustedProxyTells) {
  service_.traffic.split.by = SplitRule::By::Client;
  service_.traffic.split.key = SplitRule::Key::Address;
  const Course direct = read("X-Forwarded-For: 192.0.2.9\r\n");
  service_.trusted_proxies = {"10.0.0.0/8"};
  const Course told = read("X-Forwarded-For: 192.0.2.9\r\n");
  EXPECT_NE(direct.point, told.point);
  EXPECT_EQ(read("").point, direct.point);
}

TEST_F(Courses, SecureFollowsTheTrustedProxyToo) {
  service_.traffic.split.by = SplitRule::By::Client;
  EXPECT_FALSE(read("X-Forwarded-Proto: https\r\n").secure);
  service_.forward_headers = true;
  EXPECT_TRUE(read("X-Forwarded-Proto: https\r\n").secure);
  EXPECT_FALSE(read("X-Forwarded-Proto: http\r\n").secure);
}

TEST_F(Courses, AStickyCookieIsRepeatedOnlyWhenItsTargetChanges) {
  service_.traffic.sticky.cookie = "lb";
  const Course course = read("Cookie: lb=00000000000000aa.00000000000000bb\r\n");
  EXPECT_EQ(course.id, 0xaaU);
  EXPECT_EQ(course.tag, 0xbbU);
  EXPECT_EQ(course.release, Course::Release::ByPoint);
  EXPECT_EQ(cookies(course, 0xbb), "");
  EXPECT_EQ(cookies(course, 0xcc),
            "Set-Cookie: lb=00000000000000aa.00000000000000cc; Path=/; HttpOnly; SameSite=Lax\r\n");
  EXPECT_EQ(read("Cookie: lb=00000000000000aa-00000000000000bb\r\n").tag, 0U);
}

TEST_F(Courses, OnlyTheWholeTokenOpensARelease) {
  service_.traffic.preview.token_sha256 = sha256_hex("secret");
  const std::string wanted = "X-Slipway-Release: new\r\n";
  const Course open = read(wanted + "X-Slipway-Token: secret\r\n");
  EXPECT_EQ(open.release, Course::Release::Named);
  EXPECT_EQ(open.named, 1);
  EXPECT_EQ(open.whose, Course::For::Preview);
  for (const char* token : {"", "secre", "secrets", "Secret"})
    EXPECT_EQ(read(wanted + "X-Slipway-Token: " + token + "\r\n").whose, Course::For::User)
        << token;
  EXPECT_EQ(read(wanted).whose, Course::For::User);
}

TEST_F(Courses, OnlySafeAndRepeatableRequestsAreCopiedAndTriedAgain) {
  service_.traffic.mirror = {"new", 10'000};
  service_.traffic.retry.unavailable = true;
  service_.traffic.assets = {"/assets/"};
  const Course get = read("");
  EXPECT_TRUE(get.is_safe && get.may_retry && get.is_asset);
  const Course options = read("", "OPTIONS");
  EXPECT_TRUE(options.is_safe && options.may_retry && !options.is_asset);
  const Course remove = read("", "DELETE");
  EXPECT_TRUE(!remove.is_safe && remove.may_retry);
  const Course with_body = read("Content-Length: 1\r\n");
  EXPECT_TRUE(!with_body.is_safe && !with_body.may_retry);
  const Course post = read("Content-Length: 0\r\n", "POST");
  EXPECT_TRUE(!post.is_safe && !post.may_retry);
  const Course upgrade = read("Connection: upgrade\r\nUpgrade: websocket\r\n");
  EXPECT_TRUE(!upgrade.is_safe && !upgrade.may_retry);
}

}  // namespace
}  // namespace slipway::edge

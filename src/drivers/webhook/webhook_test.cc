#include "drivers/webhook/webhook.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "drivers/posting/notice_for_test.h"
#include "io/clock.h"
#include "tests/contract/test_server.h"

namespace slipway::drivers::webhook {
namespace {

// RFC 4231, test cases 1, 2 and 6 (a key longer than a block).
TEST(Webhook, SignsAsTheRfcDoes) {
  EXPECT_EQ(hmac_sha256_hex(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256_hex(std::string(131, '\xaa'),
                            "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Webhook, SendsTheNoticeSignedWithTheTimeOfTheAttempt) {
  http::Request got;
  TestServer server([&](http::Request request, const std::shared_ptr<http::Responder>& answer) {
    got = std::move(request);
    answer->respond(204, "");
  });
  posting::Place place;
  place.url = "http://" + server.address() + "/hook?from=slipway";
  place.secret = "key";
  io::SystemClock clock;
  const auto before = to_unix_ms(clock.now()) / 1000;
  const auto notice = notice_for_test();
  ASSERT_EQ(make_notifier(place, clock)->send(notice).kind, ports::Outcome::Kind::Applied);
  EXPECT_EQ(got.target, "/hook?from=slipway");
  EXPECT_EQ(*Json::parse(got.body), ports::to_json(notice));
  EXPECT_EQ(got.field("Idempotency-Key"), "r-0042/released");
  EXPECT_EQ(got.field("Slipway-Event"), "released");
  const std::string stamp(got.field("Slipway-Timestamp"));
  EXPECT_GE(std::stoll(stamp), before);
  EXPECT_EQ(got.field("Slipway-Signature"), signature_of("key", stamp, got.body));
  EXPECT_NE(got.field("Slipway-Signature"), signature_of("another", stamp, got.body));
}

}  // namespace
}  // namespace slipway::drivers::webhook

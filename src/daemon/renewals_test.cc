#include "daemon/renewals.h"

#include <gtest/gtest.h>

#include <set>

namespace slipway::daemon {
namespace {

class Counting : public Random {
 public:
  std::uint64_t next() override { return value_ += 977; }

 private:
  std::uint64_t value_ = 0;
};

TEST(Renewals, ComeTwiceADayAndNotAtTheSameHour) {
  Counting random;
  Millis least{0};
  Millis most{0};
  for (int i = 0; i < 500; ++i) {
    const Millis next = until_next_renewal(random);
    least = i == 0 ? next : std::min(least, next);
    most = std::max(most, next);
  }
  EXPECT_GE(least, std::chrono::hours(10));
  EXPECT_LT(most, std::chrono::hours(14));
  EXPECT_GT(most - least, std::chrono::hours(3));
}

TEST(Renewals, WarnOfCertificatesThatEndWithinTwoWeeks) {
  const Json edge = Json::parse(R"({"certificates":[
      {"certificate":"/far.pem","expires_in_s":2000000,"expires_at":"2026-12-14T00:00:00.000Z"},
      {"certificate":"/near.pem","expires_in_s":900000,"expires_at":"2026-12-01T00:00:00.000Z"},
      {"certificate":"/gone.pem","expires_in_s":-5,"expires_at":"2026-11-20T00:00:00.000Z"},
      {"certificate":"/unread.pem","problem":"cannot be read"}]})")
                        .value();
  const auto expiring = expiring_certificates(edge);
  ASSERT_EQ(expiring.size(), 2U);
  EXPECT_EQ(expiring[0].text,
            "the certificate /near.pem expires in 10 days, at 2026-12-01T00:00:00.000Z");
  EXPECT_EQ(expiring[1].text, "the certificate /gone.pem has expired, at 2026-11-20T00:00:00.000Z");
  EXPECT_TRUE(expiring_certificates(Json::object()).empty());
}

TEST(Renewals, TellTheChannelsOfWhoIsServedWithItOnceAtEachStage) {
  config::Environment settings;
  settings.services.resize(1);
  settings.services[0].edge =
      Json::parse(R"({"tls":{"certificate":"/a.pem","more":[{"certificate":"/b.pem"}]}})").value();
  settings.channels["team"].name = "team";
  settings.notify = {{{"certificate"}, {"team"}}};
  const ports::AppRef app{"shop", "production"};
  const auto at = [&](const char* file, int days) {
    return telling_of({file, "2026-12-01", days * 86'400LL, "the certificate ends"}, app, settings,
                      77);
  };
  EXPECT_FALSE(at("/c.pem", 5)) << "somebody else's";
  ASSERT_TRUE(at("/a.pem", 13));
  ASSERT_EQ(at("/b.pem", 13)->to.size(), 1U);
  EXPECT_EQ(at("/a.pem", 13)->notice.text, "shop production: the certificate ends");
  EXPECT_EQ(at("/a.pem", 13)->notice.severity, ports::Severity::Warning);
  EXPECT_EQ(at("/a.pem", 2)->notice.severity, ports::Severity::Critical);
  std::set<std::string> keys;
  for (int days = 14; days >= -2; --days) keys.insert(at("/a.pem", days)->notice.key);
  EXPECT_EQ(keys.size(), 5U) << "14, 7, 3, 1 days, and when it is over";
  EXPECT_NE(at("/a.pem", 5)->notice.key, at("/b.pem", 5)->notice.key);
}

}  // namespace
}  // namespace slipway::daemon

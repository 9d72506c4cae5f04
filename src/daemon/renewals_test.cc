#include "daemon/renewals.h"

#include <gtest/gtest.h>

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
  EXPECT_EQ(expiry_warnings(edge),
            (std::vector<std::string>{
                "the certificate /near.pem expires in 10 days, at 2026-12-01T00:00:00.000Z",
                "the certificate /gone.pem has expired, at 2026-11-20T00:00:00.000Z"}));
  EXPECT_TRUE(expiry_warnings(Json::object()).empty());
}

}  // namespace
}  // namespace slipway::daemon

#include "daemon/access.h"

#include <gtest/gtest.h>

#include "io/clock.h"
#include "store/memory_store.h"

namespace slipway::daemon {
namespace {

class TokensTest : public ::testing::Test {
 protected:
  store::MemoryStore store_;
  io::SystemClock clock_;
  io::SystemRandom random_;
  Tokens tokens_{store_, clock_, random_};
};

TEST_F(TokensTest, AMadeTokenIsKnownWithItsNameAndRole) {
  const auto made = tokens_.make("ci", Role::Deployer, "kim");
  ASSERT_TRUE(made.has_value());
  const auto caller = tokens_.check(made->token);
  ASSERT_TRUE(caller.has_value());
  EXPECT_EQ(caller->name, "ci");
  EXPECT_EQ(caller->role, Role::Deployer);
  EXPECT_TRUE(caller->name_is_sure);
}

TEST_F(TokensTest, TheStoreNeverHoldsTheSecret) {
  const auto made = tokens_.make("ci", Role::Viewer, "kim");
  ASSERT_TRUE(made.has_value());
  const std::string secret = made->token.substr(made->token.rfind('_') + 1);
  const auto values = store_.values("");
  ASSERT_EQ(values->size(), 1u);
  for (const auto& [key, json] : *values) {
    EXPECT_EQ(json.dump().find(secret), std::string::npos);
  }
  EXPECT_EQ(tokens_.list()->dump().find("hash"), std::string::npos);
}

TEST_F(TokensTest, OneWrongDigitIsRefusedAsIfItWereUnknown) {
  const auto made = tokens_.make("ci", Role::Viewer, "kim");
  std::string wrong = made->token;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  for (const std::string& token : {wrong, std::string(), std::string("slw_"), made->token + "0",
                                   "slw_0000000000000000_" + std::string(64, '0')}) {
    const auto caller = tokens_.check(token);
    ASSERT_FALSE(caller.has_value()) << token;
    EXPECT_EQ(caller.error().code, Code::Unauthorized);
    EXPECT_EQ(caller.error().what, "the token is not valid");
  }
}

TEST_F(TokensTest, ARevokedTokenIsRefused) {
  const auto made = tokens_.make("ci", Role::Admin, "kim");
  ASSERT_TRUE(tokens_.revoke(made->id).has_value());
  EXPECT_FALSE(tokens_.check(made->token).has_value());
  EXPECT_EQ(tokens_.revoke(made->id).error().code, Code::NotFound);
}

TEST_F(TokensTest, TwoTokensAreNeverTheSame) {
  EXPECT_NE(tokens_.make("a", Role::Viewer, "")->token, tokens_.make("a", Role::Viewer, "")->token);
}

TEST_F(TokensTest, OnlyABearerHeaderCounts) {
  const auto made = tokens_.make("ci", Role::Viewer, "kim");
  EXPECT_TRUE(caller_of(tokens_, "Bearer " + made->token).has_value());
  EXPECT_FALSE(caller_of(tokens_, made->token).has_value());
  EXPECT_FALSE(caller_of(tokens_, "").has_value());
}

TEST(Roles, EachMayWhatTheOnesBeforeItMay) {
  EXPECT_LT(Role::Viewer, Role::Deployer);
  EXPECT_LT(Role::Deployer, Role::Approver);
  EXPECT_LT(Role::Approver, Role::Admin);
  EXPECT_EQ(role_named("approver"), Role::Approver);
  EXPECT_FALSE(role_named("none").has_value());
  EXPECT_FALSE(role_named("root").has_value());
}

}  // namespace
}  // namespace slipway::daemon

#include "drivers/posting/posting.h"

#include <gtest/gtest.h>

#include "tests/contract/test_server.h"

namespace slipway::drivers::posting {
namespace {
using Kind = ports::Outcome::Kind;
using Answer = std::shared_ptr<http::Responder>;

// Answers every call with one status; keeps what it was sent.
struct Answering {
  explicit Answering(int status)
      : server([this, status](http::Request request, const Answer& answer) {
          got = std::move(request);
          answer->respond(status, "so it\nis");
        }) {}
  Place place() const {
    Place out;
    out.channel = "team";
    out.url = "http://" + server.address() + "/hooks/token-of-mine/";
    out.timeout = Millis(5'000);
    return out;
  }
  http::Request got;
  TestServer server;
};

ports::Outcome told(int status) {
  Answering there(status);
  return post(there.place(), json_call(there.place(), "/x", Json::object().set("a", 1)));
}

TEST(Posting, SendsJsonToTheAddressAsItIs) {
  Answering there(200);
  ASSERT_EQ(post(there.place(), json_call(there.place(), "/x", Json::object().set("a", 1))).kind,
            Kind::Applied);
  EXPECT_EQ(there.got.method, "POST");
  EXPECT_EQ(there.got.target, "/hooks/token-of-mine/x");
  EXPECT_EQ(there.got.field("Content-Type"), "application/json");
  EXPECT_EQ(there.got.body, R"({"a":1})");
}

TEST(Posting, TellsNotNowFromNever) {
  for (const int status : {408, 425, 429, 500, 502, 503}) {
    const auto outcome = told(status);
    EXPECT_EQ(outcome.kind, Kind::NotApplied) << status;
    EXPECT_TRUE(facts_of(outcome.why.code).retryable) << status;
  }
  for (const int status : {301, 400, 401, 403, 404, 410}) {
    const auto outcome = told(status);
    EXPECT_EQ(outcome.kind, Kind::NotApplied) << status;
    EXPECT_FALSE(facts_of(outcome.why.code).retryable) << status;
  }
}

TEST(Posting, UnderstandsHowLongItIsToWaitAsSecondsOrAsADate) {
  EXPECT_EQ(retry_after({{"Retry-After", "120"}}), Millis(120'000));
  EXPECT_EQ(retry_after({{"retry-after", " 5 "}}), Millis(5'000));
  EXPECT_EQ(retry_after({{"Date", "Wed, 21 Oct 2015 07:28:00 GMT"},
                         {"Retry-After", "Wed, 21 Oct 2015 07:29:30 GMT"}}),
            Millis(90'000));
  EXPECT_EQ(retry_after({{"Date", "Wed, 21 Oct 2015 07:28:00 GMT"},
                         {"Retry-After", "Wed, 21 Oct 2015 07:00:00 GMT"}}),
            Millis(0));
  for (const char* text : {"", "soon", "-5", "1e9", "Wed, 21 Oct 2015", "12 minutes"})
    EXPECT_EQ(retry_after({{"Retry-After", text}}), Millis(0)) << text;
  EXPECT_EQ(retry_after({{"Retry-After", "Wed, 21 Oct 2015 07:29:30 GMT"}}), Millis(0))
      << "without the answer's own date nobody knows how long that is";
  EXPECT_EQ(retry_after({}), Millis(0));
}

TEST(Posting, PassesOnHowLongAChannelAsksToBeLeftAlone) {
  TestServer there([](http::Request, const Answer& answer) {
    answer->respond(429, "slow down", "text/plain", {{"Retry-After", "30"}});
  });
  Place place;
  place.url = "http://" + there.address();
  const auto outcome = post(place, json_call(place, "", Json::object()));
  EXPECT_EQ(outcome.kind, Kind::NotApplied);
  EXPECT_EQ(outcome.not_before, Millis(30'000));
}

TEST(Posting, SaysWhoAnsweredWhatButNotTheSecretAddress) {
  const auto outcome = told(400);
  EXPECT_NE(outcome.why.what.find("telling channel team: 127.0.0.1:"), std::string::npos);
  EXPECT_NE(outcome.why.what.find("answered 400: so it is"), std::string::npos);
  EXPECT_EQ(outcome.why.sentence().find("token-of-mine"), std::string::npos);
}

TEST(Posting, WhereNobodyListensNothingArrivedAndItIsTriedAgain) {
  Place nowhere;
  nowhere.channel = "team";
  {
    const Answering gone(200);
    nowhere.url = gone.place().url;
  }
  const auto outcome = post(nowhere, json_call(nowhere, "", Json::object()));
  EXPECT_EQ(outcome.kind, Kind::NotApplied);
  EXPECT_TRUE(facts_of(outcome.why.code).retryable);
  EXPECT_EQ(outcome.why.sentence().find("token-of-mine"), std::string::npos);
}

TEST(Posting, AnAddressThatIsNoneIsNeverTriedAgain) {
  Place place;
  place.url = "gopher://x/";
  const auto outcome = post(place, json_call(place, "", Json::object()));
  EXPECT_FALSE(facts_of(outcome.why.code).retryable) << outcome.why.sentence();
}

TEST(Posting, AnAnswerThatDoesNotComeIsUnknown) {
  std::vector<Answer> kept;
  TestServer silent(
      [&](const http::Request&, Answer answer) { kept.push_back(std::move(answer)); });
  Place place;
  place.url = "http://" + silent.address();
  place.timeout = Millis(200);
  const auto outcome = post(place, json_call(place, "", Json::object()));
  EXPECT_EQ(outcome.kind, Kind::Unknown);
  EXPECT_EQ(outcome.why.code, Code::Timeout);
}

TEST(Posting, ShortensBetweenCharacters) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcdef", 5), "ab…");
  EXPECT_EQ(shortened("aééé", 6), "aé…");
  for (std::size_t most = 3; most < 8; ++most) EXPECT_LE(shortened("éééé", most).size(), most);
}

}  // namespace
}  // namespace slipway::drivers::posting

// Metrics against a recording server and real commands.
#include <gtest/gtest.h>
#include <poll.h>

#include <mutex>

#include "drivers/metrics/answer.h"
#include "drivers/metrics/ask.h"
#include "drivers/metrics/measures.h"
#include "tests/contract/test_server.h"

namespace slipway::drivers::metrics {
namespace {

using Source = config::Metric::Source;

// Keeps what it was asked; answers what it was told to, or nothing at all.
class Recorder {
 public:
  int status = 200;
  std::string body;
  bool silent = false;

  std::string url() const { return "http://" + server_.address(); }
  http::Request last() {
    const std::lock_guard hold(mutex_);
    return last_;
  }
  int asked() {
    const std::lock_guard hold(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  http::Request last_;
  int asked_ = 0;
  std::vector<std::shared_ptr<http::Responder>> held_;
  TestServer server_{
      [this](const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
        {
          const std::lock_guard hold(mutex_);
          last_ = request;
          ++asked_;
          if (silent) return held_.push_back(responder);
        }
        responder->respond(status, body);
      }};
};

ports::MetricQuestion question(Source source, const std::string& at,
                               Millis timeout = Millis(5'000)) {
  ports::MetricQuestion question;
  question.metric.name = "orders";
  question.metric.source = source;
  question.metric.at = at;
  question.metric.timeout = timeout;
  question.names = {
      {"app", "shop"}, {"environment", "production"}, {"release", "r-0002"}, {"version", "v1.1.0"}};
  return question;
}

std::string why(const Result<double>& result) { return result ? "a number" : result.error().what; }

TEST(PrometheusAnswer, IsAScalarOrOneSeries) {
  EXPECT_EQ(*prometheus_number(R"({"status":"success","data":{"resultType":"vector","result":[)"
                               R"({"metric":{"a":"b"},"value":[1763720906.1,"97.25"]}]}})"),
            97.25);
  EXPECT_EQ(*prometheus_number(
                R"({"status":"success","data":{"resultType":"scalar","result":[1,"-2e3"]}})"),
            -2000);
}

TEST(PrometheusAnswer, AnythingElseIsNoNumberAndSaysWhy) {
  const std::pair<const char*, const char*> kRows[] = {
      {R"({"status":"success","data":{"resultType":"vector","result":[]}})", "gives nothing"},
      {R"({"status":"success","data":{"resultType":"vector","result":[{"value":[1,"NaN"]}]}})",
       "\"NaN\" is no number"},
      {R"({"status":"success","data":{"resultType":"vector","result":[{"value":[1,"+Inf"]}]}})",
       "no number"},
      {R"({"status":"success","data":{"resultType":"vector","result":[{"value":[1,"1"]},)"
       R"({"value":[1,"2"]}]}})",
       "2 series"},
      {R"({"status":"success","data":{"resultType":"matrix","result":[]}})", "a matrix"},
      {R"({"status":"error","errorType":"bad_data","error":"parse error"})",
       "bad_data: parse error"},
      {R"({"status":"success"})", "not one number"},
      {"<html>", "no JSON"},
      {"", "no JSON"}};
  for (const auto& [body, words] : kRows)
    EXPECT_NE(why(prometheus_number(body)).find(words), std::string::npos)
        << body << ": " << why(prometheus_number(body));
}

TEST(PlainAnswer, IsANumberOrAPlaceInJson) {
  EXPECT_EQ(*plain_number(" 97.3\n", ""), 97.3);
  EXPECT_EQ(*plain_number("-4", ""), -4);
  EXPECT_EQ(*plain_number(R"({"a":{"b":[{"c":1},{"c":2.5}]}})", "a.b.1.c"), 2.5);
  EXPECT_EQ(*plain_number(R"({"a":"7"})", "a"), 7);
  for (const char* body : {"", "  ", "nan", "inf", "97 %", "1 2", "0x10", "1e999", "{}"})
    EXPECT_FALSE(plain_number(body, "")) << body;
  for (const char* body : {"{}", R"({"a":null})", R"({"a":true})", R"({"a":{"b":1}})", "3", "{"})
    EXPECT_FALSE(plain_number(body, "a")) << body;
}

TEST(Ask, PrometheusGetsTheQueryWithTheNamesInItAndTheToken) {
  Recorder server;
  server.body =
      R"({"status":"success","data":{"resultType":"vector","result":[{"value":[1,"3"]}]}})";
  auto asked = question(Source::Prometheus, server.url() + "/");
  asked.metric.query = R"(sum(rate(o{release="{release}",x="{y}"}[1m])))";
  EXPECT_EQ(*ask(asked, "s3cret"), 3);
  EXPECT_EQ(server.last().path, "/api/v1/query");
  EXPECT_EQ(server.last().query_value("query"), R"(sum(rate(o{release="r-0002",x="{y}"}[1m])))");
  EXPECT_EQ(server.last().field("Authorization"), "Bearer s3cret");
  server.status = 422;
  server.body = R"({"status":"error","errorType":"execution","error":"many-to-many"})";
  EXPECT_NE(why(ask(asked, "")).find("many-to-many"), std::string::npos);
  server.status = 503;
  EXPECT_NE(why(ask(asked, "")).find("answered 503"), std::string::npos);
}

TEST(Ask, AnAddressGetsTheNamesInIt) {
  Recorder server;
  server.body = R"({"success":{"percent":96.5}})";
  auto asked = question(Source::Http, server.url() + "/{app}/{environment}?v={version}");
  asked.metric.field = "success.percent";
  EXPECT_EQ(*ask(asked, ""), 96.5);
  EXPECT_EQ(server.last().path, "/shop/production");
  EXPECT_EQ(server.last().query_value("v"), "v1.1.0");
  server.status = 500;
  EXPECT_FALSE(ask(asked, ""));
}

TEST(Ask, ASilentServerIsATimeoutAndNoServerIsAnError) {
  Recorder server;
  server.silent = true;
  const auto late = ask(question(Source::Http, server.url(), Millis(200)), "");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::Timeout);
  EXPECT_FALSE(ask(question(Source::Http, "http://127.0.0.1:9", Millis(1'000)), ""));
}

TEST(Ask, ACommandPrintsTheNumber) {
  EXPECT_EQ(*ask(question(Source::Command, "echo 42"), ""), 42);
  EXPECT_EQ(*ask(question(Source::Command,
                          "test \"$SLIPWAY_RELEASE {version}\" = 'r-0002 v1.1.0' "
                          "&& echo 1"),
                 ""),
            1);
  EXPECT_NE(why(ask(question(Source::Command, "echo broken >&2; exit 3"), ""))
                .find("exit status 3: broken"),
            std::string::npos);
  EXPECT_FALSE(ask(question(Source::Command, "echo 42; exit 1"), "")) << "a number of a failure";
  EXPECT_FALSE(ask(question(Source::Command, "true"), ""));
  const auto late = ask(question(Source::Command, "tail -f /dev/null", Millis(200)), "");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::Timeout);
}

Result<double> eventually(ports::Measures& measures, const std::string& key) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < deadline) {
    if (auto answer = measures.take(key)) return *answer;
    ::poll(nullptr, 0, 1);
  }
  return Error(Code::Timeout, "no answer came");
}

TEST(Measures, NeverKeepTheAskerWaitingAndAnswerOnce) {
  Recorder server;
  server.silent = true;
  const auto measures = make_measures({});
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    measures->ask("a", question(Source::Http, server.url(), Millis(1'500)));
    EXPECT_FALSE(measures->take("a"));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(1'000));
  const auto late = eventually(*measures, "a");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::Timeout);
  EXPECT_LE(server.asked(), 1) << "one question at a time";
  EXPECT_FALSE(measures->take("a"));
  EXPECT_FALSE(measures->take("never asked"));
  measures->ask("a", question(Source::Command, "echo 5"));
  EXPECT_EQ(*eventually(*measures, "a"), 5);
}

TEST(Measures, ASecretThatCannotBeReadIsAnErrorAndOneThatCanIsSent) {
  Recorder server;
  server.body = "1";
  auto asked = question(Source::Http, server.url());
  asked.metric.secret = {"TOKEN", "TOKEN", "", ""};
  const auto without = make_measures([](const config::SecretRef& secret, const std::string&) {
    return Result<std::string>(Error(Code::NotFound, "no variable " + secret.env));
  });
  without->ask("a", asked);
  EXPECT_NE(why(eventually(*without, "a")).find("no variable TOKEN"), std::string::npos);
  const auto with = make_measures([](const config::SecretRef&, const std::string&) {
    return Result<std::string>(std::string("xyz"));
  });
  with->ask("a", asked);
  EXPECT_EQ(*eventually(*with, "a"), 1);
  EXPECT_EQ(server.last().field("Authorization"), "Bearer xyz");
}

}  // namespace
}  // namespace slipway::drivers::metrics

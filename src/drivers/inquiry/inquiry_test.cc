#include "drivers/inquiry/inquiry.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "io/files.h"
#include "tests/contract/test_server.h"

namespace slipway::drivers::inquiry {
namespace {
using ports::Question;

class InquiryTest : public ::testing::Test {
 protected:
  InquiryTest() { folder_ = io::make_temp_dir("slipway-inquiry-").value(); }
  ~InquiryTest() override { std::filesystem::remove_all(folder_); }
  ports::Evidence file(const std::string& path) {
    Question question;
    question.file = path;
    return make_inquiry()->look(question);
  }
  ports::Evidence run(const std::string& line, Millis timeout = Millis(20'000)) {
    Question question;
    question.run = line;
    question.folder = folder_;
    question.timeout = timeout;
    question.variables = {{"SLIPWAY_VERSION", "v2; echo no"}};
    return make_inquiry()->look(question);
  }
  ports::Evidence get(const std::string& url, const config::SecretRef& secret = {}) {
    Question question;
    question.url = url;
    question.secret = secret;
    question.timeout = Millis(20'000);
    return make_inquiry()->look(question);
  }
  std::string folder_;
};

TEST_F(InquiryTest, AFileIsReadWithTheTimeItWasWritten) {
  ASSERT_TRUE(io::write_file_atomically(folder_ + "/a", "hello"));
  const auto found = file(folder_ + "/a");
  EXPECT_TRUE(found.there);
  EXPECT_EQ(found.bytes, "hello");
  EXPECT_GT(found.written_ms, 1'700'000'000'000);
}

TEST_F(InquiryTest, WhatIsNoFileIsSaidAndNotWaitedFor) {
  EXPECT_EQ(file(folder_ + "/none").why, folder_ + "/none is not there");
  EXPECT_EQ(file(folder_).why, folder_ + " is not a file");
  ASSERT_EQ(::mkfifo((folder_ + "/pipe").c_str(), 0600), 0);
  EXPECT_EQ(file(folder_ + "/pipe").why, folder_ + "/pipe is not a file");
  ASSERT_TRUE(io::write_file_atomically(folder_ + "/big", std::string((16U << 20) + 1, 'x')));
  EXPECT_FALSE(file(folder_ + "/big").there);
}

TEST_F(InquiryTest, ACommandRunsInTheFolderWithItsVariables) {
  const auto ran = run("pwd; echo \"$SLIPWAY_VERSION\"; test -n \"$PATH\"");
  EXPECT_TRUE(ran.there);
  EXPECT_TRUE(ran.succeeded);
  EXPECT_EQ(ran.bytes, folder_ + "\nv2; echo no\n");
}

TEST_F(InquiryTest, AFailedCommandStillGivesItsReportAndSaysHowItEnded) {
  const auto ran = run("echo '{}'; echo boom >&2; exit 3");
  EXPECT_TRUE(ran.there);
  EXPECT_FALSE(ran.succeeded);
  EXPECT_EQ(ran.bytes, "{}\n");
  EXPECT_EQ(ran.ending, "ended with exit status 3: boom");
}

TEST_F(InquiryTest, ACommandThatTakesTooLongIsKilled) {
  const auto ran = run("tail -f /dev/null", Millis(200));
  EXPECT_FALSE(ran.there);
  EXPECT_EQ(ran.why, "`tail -f /dev/null` was killed after 200ms");
}

TEST_F(InquiryTest, AnAddressIsAskedWithItsSecretAndMustAnswerWell) {
  TestServer server([](const http::Request& request, const std::shared_ptr<http::Responder>& to) {
    const bool knows = request.field("Authorization") == "token-7";
    to->respond(request.path == "/flags" && knows ? 200 : 401, R"({"a":true})");
  });
  ASSERT_TRUE(io::write_file_atomically(folder_ + "/token", "token-7"));
  const config::SecretRef secret{"TOKEN", "", folder_ + "/token", ""};
  const std::string url = "http://" + server.address() + "/flags";
  const auto found = get(url, secret);
  EXPECT_TRUE(found.there) << found.why;
  EXPECT_EQ(found.bytes, R"({"a":true})");
  EXPECT_EQ(get(url).why, server.address() + " answered 401");
  EXPECT_FALSE(get(url, {"TOKEN", "", folder_ + "/none", ""}).there);
}

TEST_F(InquiryTest, NobodyThereIsSaid) {
  std::string address;
  {
    address = TestServer([](const http::Request&, const std::shared_ptr<http::Responder>& to) {
                to->respond(200, "");
              }).address();
  }
  EXPECT_FALSE(get("http://" + address + "/").there);
}

}  // namespace
}  // namespace slipway::drivers::inquiry

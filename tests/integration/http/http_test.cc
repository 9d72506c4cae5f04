// HTTP/1.1 to the letter: raw bytes in, raw bytes out, for every case of the table.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <iostream>
#include <memory>
#include <set>
#include <thread>

#include "tests/integration/http/cases.h"

namespace slipway::edge::test {
namespace {

constexpr int kLanes = 4;
constexpr int kLeastCases = 250;
int cases_run = 0;

// The lanes live as long as the program: every test uses the same edges.
class Http : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    for (int i = 0; i < kLanes; ++i) lanes_.push_back(std::make_unique<Lane>());
    for (const auto& lane : lanes_) ASSERT_TRUE(lane->ready());
  }
  static void TearDownTestSuite() {
    for (const auto& lane : lanes_) {
      EXPECT_EQ(lane->edge().stop(), 0) << lane->edge().said();
    }
    lanes_.clear();
  }

  template <class Case>
  void play(const std::vector<Case>& cases) {
    std::vector<std::string> wrong(cases.size());
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> threads;
    for (const auto& lane : lanes_) {
      threads.emplace_back([&] {
        for (std::size_t i = next++; i < cases.size(); i = next++) {
          wrong[i] = run(*lane, cases[i]);
          if (!wrong[i].empty()) lane->forget_upstreams();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::set<std::string> names;
    for (std::size_t i = 0; i < cases.size(); ++i) {
      EXPECT_TRUE(names.insert(cases[i].name).second) << "given twice: " << cases[i].name;
      EXPECT_EQ(wrong[i], "") << "RFC " << cases[i].rule << ", " << cases[i].name;
    }
    cases_run += static_cast<int>(cases.size());
  }

  static std::vector<std::unique_ptr<Lane>> lanes_;
};
std::vector<std::unique_ptr<Lane>> Http::lanes_;

TEST_F(Http, RefusesAmbiguousFraming) { play(framing_refusals()); }
TEST_F(Http, RefusesCodingsItCanNotRead) { play(coding_refusals()); }
TEST_F(Http, RefusesMalformedRequestLines) { play(line_refusals()); }
TEST_F(Http, RefusesMalformedFields) { play(field_refusals()); }
TEST_F(Http, RefusesMalformedChunks) { play(chunk_refusals()); }
TEST_F(Http, AnswersItselfWithTheRightConnection) { play(local_answers()); }
TEST_F(Http, PassesRequestLines) { play(line_passages()); }
TEST_F(Http, PassesFields) { play(field_passages()); }
TEST_F(Http, PassesFieldsOfItsOwn) { play(own_field_passages()); }
TEST_F(Http, PassesBodies) { play(body_passages()); }
TEST_F(Http, PassesWhatProxiesSay) { play(forwarded_passages()); }
TEST_F(Http, PassesResponseHeads) { play(head_answers()); }
TEST_F(Http, PassesResponseBodies) { play(body_answers()); }
TEST_F(Http, SurvivesSpoiledResponses) { play(spoiled_answers()); }
TEST_F(Http, NeverTakesMoreThanTheResponse) { play(overlong_answers()); }
TEST_F(Http, LetsBodiesWaitForContinue) { play(interim_conversations()); }
TEST_F(Http, PassesInterimResponses) { play(hints_conversations()); }
TEST_F(Http, ReadsMessagesInPiecesAndRows) { play(pipelined_conversations()); }
TEST_F(Http, EndsWhenTheClientEnds) { play(client_ending_conversations()); }
TEST_F(Http, EndsOrTriesAgainWhenTheUpstreamEnds) { play(upstream_ending_conversations()); }
TEST_F(Http, GivesUpOnWhatDoesNotCome) { play(slow_conversations()); }
TEST_F(Http, Upgrades) { play(upgrade_conversations()); }

// Runs last: tests run in the order of this file. A run with a filter does not count.
TEST_F(Http, TheTableIsAsLongAsItShouldBe) {
  if (::testing::UnitTest::GetInstance()->test_to_run_count() < 23) GTEST_SKIP();
  std::cout << "http_cases=" << cases_run << "\n";
  EXPECT_GE(cases_run, kLeastCases);
}

}  // namespace
}  // namespace slipway::edge::test

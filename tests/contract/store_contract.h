#pragma once
// What any ports::Store must do. A store joins with one line:
//   INSTANTIATE_TEST_SUITE_P(MyStore, StoreContract, testing::Values(StoreMaker{"mine", make}));
// where make() gives a new, empty store (its folder or schema may live until the process ends).
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ports/store.h"

namespace slipway::store {

struct StoreMaker {
  std::string name;
  std::function<std::unique_ptr<ports::Store>()> make;
};
inline void PrintTo(const StoreMaker& maker, std::ostream* out) { *out << maker.name; }

class StoreContract : public testing::TestWithParam<StoreMaker> {
 protected:
  void SetUp() override {
    store_ = GetParam().make();
    ASSERT_NE(store_, nullptr);
  }

  std::string new_release(const ports::AppRef& app) {
    ports::ReleaseRow row;
    row.app = app;
    row.kind = "deploy";
    row.version = "v1";
    row.by = "ann";
    auto made = store_->create_release(row);
    EXPECT_TRUE(made);
    return made ? made->id : "";
  }
  ports::Lease taken(const std::string& owner, const std::string& release) {
    auto lease = store_->take_lease(app_, owner, release);
    EXPECT_TRUE(lease) << lease.error().sentence();
    return lease ? *lease : ports::Lease();
  }
  static ports::Record record(const std::string& release, const std::string& event) {
    ports::Record out;
    out.release = release;
    out.at_ms = 1700000000123;
    out.event = event;
    out.step = "start-web";
    out.op = release + "/start-web/1";
    out.detail = "3 of 3";
    out.state = "{\"phase\":\"running\"}";
    return out;
  }

  static ports::Telling telling(const std::string& release, const std::string& kind,
                                const std::vector<std::string>& channels) {
    ports::Telling out;
    out.notice.key = release + "/" + kind;
    out.notice.kind = kind;
    out.notice.app = "shop";
    out.notice.release = release;
    out.notice.subject = "shop/production/" + release;
    out.notice.severity = ports::Severity::Critical;
    out.notice.turn = ports::Turn::Closes;
    out.notice.text = "it’s live";
    out.notice.at_ms = 100;
    out.notice.facts = {{"why", "because"}};
    for (const auto& name : channels) out.to.push_back({name, Json::object().set("type", "slack")});
    return out;
  }
  static std::string keys_of(const std::vector<ports::Delivery>& deliveries) {
    std::string out;
    for (const auto& one : deliveries)
      out += (out.empty() ? "" : " ") + one.notice.key + "@" + one.to.channel;
    return out;
  }

  const ports::AppRef app_{"shop", "production"};
  std::unique_ptr<ports::Store> store_;
};

TEST_P(StoreContract, GivesReleasesRisingNumbersOverAllApps) {
  ports::ReleaseRow row;
  row.app = app_;
  row.kind = "rollback";
  row.version = "v1.4.2";
  row.by = "ann";
  row.plan = Json::object().set("steps", Json::array_of(std::vector<std::string>{"start"}));
  row.plan_hash = "abc";
  row.created_ms = 1700000000000;
  const auto first = store_->create_release(row);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->number, 1);
  EXPECT_EQ(first->id, "r-0001");
  EXPECT_EQ(new_release({"blog", "staging"}), "r-0002");

  const auto read = store_->release("r-0001");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->app, app_);
  EXPECT_EQ(read->kind, "rollback");
  EXPECT_EQ(read->version, "v1.4.2");
  EXPECT_EQ(read->by, "ann");
  EXPECT_EQ(read->plan, row.plan);
  EXPECT_EQ(read->plan_hash, "abc");
  EXPECT_EQ(read->outcome, "");
  EXPECT_EQ(read->created_ms, 1700000000000);
  EXPECT_EQ(read->ended_ms, 0);
}

TEST_P(StoreContract, FillsTheTimeOfAReleaseWhoseMakerDidNotSay) {
  EXPECT_GT(store_->release(new_release(app_))->created_ms, 0);
}

TEST_P(StoreContract, SaysNotFoundForAnUnknownRelease) {
  const auto read = store_->release("r-0099");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::NotFound);
  EXPECT_NE(read.error().what.find("r-0099"), std::string::npos);
}

TEST_P(StoreContract, ListsReleasesNewestFirstAndOnlyOfTheApp) {
  for (int i = 0; i < 3; ++i) new_release(app_);
  new_release({"shop", "staging"});
  const auto rows = store_->releases(app_, 2);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0].id, "r-0003");
  EXPECT_EQ((*rows)[1].id, "r-0002");
  EXPECT_TRUE(store_->releases(app_, 0)->empty());
}

TEST_P(StoreContract, EndsAReleaseOnceAndKeepsItOutOfTheUnfinished) {
  const auto ended = new_release(app_);
  const auto running = new_release({"blog", "production"});
  const auto lease = taken("daemon 1", ended);
  ASSERT_TRUE(store_->end_release(lease, ended, "rolled_back", "error rate", 1700000000999));
  const auto row = store_->release(ended);
  EXPECT_EQ(row->outcome, "rolled_back");
  EXPECT_EQ(row->reason, "error rate");
  EXPECT_EQ(row->ended_ms, 1700000000999);

  const auto unfinished = store_->unfinished();
  ASSERT_EQ(unfinished->size(), 1U);
  EXPECT_EQ((*unfinished)[0].id, running);

  EXPECT_TRUE(store_->end_release(lease, ended, "rolled_back", "again", 5));
  EXPECT_EQ(store_->release(ended)->reason, "error rate") << "the first word stands";
  EXPECT_EQ(store_->end_release(lease, ended, "completed", "", 5).error().code, Code::Conflict);
  EXPECT_EQ(store_->end_release(lease, "r-0099", "completed", "", 5).error().code, Code::NotFound);
}

TEST_P(StoreContract, GrantsAFreeLeaseAndRaisesTheEpochOnlyForANewOwner) {
  EXPECT_FALSE(store_->lease(app_)->has_value());
  const auto release = new_release(app_);
  const auto first = taken("daemon 1", release);
  EXPECT_EQ(first.epoch, 1U);
  EXPECT_EQ(first.owner, "daemon 1");
  EXPECT_EQ(first.release, release);
  EXPECT_EQ(taken("daemon 1", release).epoch, 1U) << "renewed";
  EXPECT_EQ(taken("daemon 2", release).epoch, 2U) << "taken over";
  const auto row = store_->lease(app_);
  ASSERT_TRUE(row && row->has_value());
  EXPECT_EQ((*row)->owner, "daemon 2");
  EXPECT_EQ((*row)->epoch, 2U);
  EXPECT_EQ((*row)->release, release);
  EXPECT_FALSE(store_->lease({"shop", "staging"})->has_value());
}

TEST_P(StoreContract, RefusesALeaseThatAnotherRunningReleaseHoldsAndNamesIt) {
  const auto first = new_release(app_);
  const auto second = new_release(app_);
  taken("daemon 4711", first);
  const auto refused = store_->take_lease(app_, "daemon 4711", second);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::LeaseHeld);
  EXPECT_NE(refused.error().what.find("daemon 4711"), std::string::npos);
  EXPECT_NE(refused.error().what.find(first), std::string::npos);
  EXPECT_NE(refused.error().next.find("abort"), std::string::npos);
  EXPECT_TRUE(store_->take_lease({"shop", "staging"}, "daemon 4711", second))
      << "another environment";
}

TEST_P(StoreContract, GivesAFreedLeaseToTheNextReleaseWithTheSameEpoch) {
  const auto first = new_release(app_);
  const auto second = new_release(app_);
  ASSERT_TRUE(store_->free_lease(taken("daemon 1", first)));
  EXPECT_EQ((*store_->lease(app_))->release, "");
  EXPECT_EQ(taken("daemon 1", second).epoch, 1U);
}

TEST_P(StoreContract, FreeingTwiceDoesNotFreeTheNextReleasesLease) {
  const auto first = new_release(app_);
  const auto second = new_release(app_);
  const auto lease = taken("daemon 1", first);
  ASSERT_TRUE(store_->free_lease(lease));
  taken("daemon 1", second);
  EXPECT_TRUE(store_->free_lease(lease));
  EXPECT_EQ((*store_->lease(app_))->release, second);
}

TEST_P(StoreContract, AReleaseThatEndedWithoutFreeingItsLeaseHoldsNobodyBack) {
  const auto first = new_release(app_);
  const auto second = new_release(app_);
  const auto lease = taken("daemon 1", first);
  ASSERT_TRUE(store_->end_release(lease, first, "completed", "", 7));
  EXPECT_EQ(taken("daemon 2", second).epoch, 2U);
}

TEST_P(StoreContract, FencesEveryWriteOfAnOldEpochAndNamesTheNewOwner) {
  const auto release = new_release(app_);
  const auto old = taken("daemon 1", release);
  ASSERT_TRUE(store_->append(old, record(release, "applied")));
  const auto now = taken("daemon 2", release);

  const std::vector<Result<void>> refused = {store_->set_live(old, {release, "", 0}),
                                             store_->end_release(old, release, "completed", "", 1),
                                             store_->free_lease(old), [&]() -> Result<void> {
                                               TRY(store_->append(old, record(release, "late")));
                                               return ok();
                                             }()};
  for (const auto& result : refused) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::Fenced);
    EXPECT_NE(result.error().what.find("daemon 2"), std::string::npos);
  }
  EXPECT_EQ(store_->records(release, 0)->size(), 1U);
  EXPECT_EQ(store_->live(app_)->release, "");
  EXPECT_EQ(store_->release(release)->outcome, "");
  EXPECT_EQ((*store_->lease(app_))->release, release);
  EXPECT_TRUE(store_->append(now, record(release, "applied")));
}

TEST_P(StoreContract, RefusesAWriterWhoseLeaseTheStoreDoesNotKnow) {
  const auto release = new_release(app_);
  const ports::Lease forged{app_, 3, "daemon 1", release};
  EXPECT_EQ(store_->append(forged, record(release, "applied")).error().code, Code::Conflict);
  taken("daemon 1", release);
  EXPECT_EQ(store_->set_live(forged, {release, "", 0}).error().code, Code::Conflict);
}

TEST_P(StoreContract, KeepsRecordsInOrderWithEveryField) {
  const auto release = new_release(app_);
  const auto lease = taken("daemon 1", release);
  auto written = record(release, "applied");
  written.state = std::string("a\0b \xc3\xa9\n", 7);
  const auto seq = store_->append(lease, written);
  ASSERT_TRUE(seq);
  const auto second = store_->append(lease, record(release, "settled"));
  ASSERT_TRUE(second);
  EXPECT_GT(*second, *seq);

  const auto read = store_->records(release, 0);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].seq, *seq);
  EXPECT_EQ((*read)[0].release, release);
  EXPECT_EQ((*read)[0].epoch, lease.epoch);
  EXPECT_EQ((*read)[0].at_ms, 1700000000123);
  EXPECT_EQ((*read)[0].event, "applied");
  EXPECT_EQ((*read)[0].step, "start-web");
  EXPECT_EQ((*read)[0].op, release + "/start-web/1");
  EXPECT_EQ((*read)[0].detail, "3 of 3");
  EXPECT_EQ((*read)[0].state, written.state);
  EXPECT_EQ((*store_->last_record(release))->event, "settled");

  const auto rest = store_->records(release, *seq);
  ASSERT_EQ(rest->size(), 1U);
  EXPECT_EQ((*rest)[0].event, "settled");
}

TEST_P(StoreContract, WritesNamedValuesWithTheRecordOrNotAtAll) {
  const auto release = new_release(app_);
  const auto old = taken("daemon 1", release);
  auto written = record(release, "settled");
  written.values = {{"verdict/r/1", Json::object().set("answer", "pass")}};
  ASSERT_TRUE(store_->append(old, written));
  EXPECT_EQ(store_->value("verdict/r/1")->value().text("answer"), "pass");
  taken("daemon 2", release);
  written.values = {{"verdict/r/2", Json::object()}};
  EXPECT_EQ(store_->append(old, written).error().code, Code::Fenced);
  EXPECT_FALSE(store_->value("verdict/r/2")->has_value());
}

TEST_P(StoreContract, NumbersRecordsOverAllReleasesAndKeepsThemApart) {
  const auto first = new_release(app_);
  const auto second = new_release({"blog", "production"});
  const auto lease = taken("daemon 1", first);
  const auto other = store_->take_lease({"blog", "production"}, "daemon 1", second);
  const auto a = store_->append(lease, record(first, "one"));
  const auto b = store_->append(*other, record(second, "two"));
  EXPECT_GT(*b, *a);
  EXPECT_EQ(store_->records(first, 0)->size(), 1U);
  EXPECT_EQ((*store_->last_record(second))->event, "two");
  EXPECT_FALSE(store_->last_record(new_release(app_))->has_value());
}

TEST_P(StoreContract, RefusesARecordOfAReleaseThatWasNeverMade) {
  const auto lease = taken("daemon 1", new_release(app_));
  EXPECT_EQ(store_->append(lease, record("r-0099", "applied")).error().code, Code::NotFound);
}

TEST_P(StoreContract, RemembersWhatIsLive) {
  const auto release = new_release(app_);
  const auto lease = taken("daemon 1", release);
  EXPECT_EQ(store_->live(app_)->release, "");
  ASSERT_TRUE(store_->set_live(lease, {release, "r-0000", 1700000000000}));
  ASSERT_TRUE(store_->set_live(lease, {release, "r-0000", 1700000009999}));
  const auto row = store_->live(app_);
  EXPECT_EQ(row->release, release);
  EXPECT_EQ(row->previous, "r-0000");
  EXPECT_EQ(row->previous_warm_until_ms, 1700000009999);
  EXPECT_EQ(store_->live({"shop", "staging"})->release, "");
}

TEST_P(StoreContract, ListsEveryAppItHasHeardOfOnce) {
  const auto release = new_release({"shop", "staging"});
  new_release(app_);
  new_release(app_);
  taken("daemon 1", release);
  const auto apps = store_->apps();
  ASSERT_TRUE(apps);
  EXPECT_EQ(*apps, (std::vector<ports::AppRef>{{"shop", "production"}, {"shop", "staging"}}));
}

TEST_P(StoreContract, KeepsNamedValuesAndFindsThemByPrefix) {
  const Json token = Json::object().set("role", "viewer").set("n", 3);
  ASSERT_TRUE(store_->set_value("token/ann", token));
  ASSERT_TRUE(store_->set_value("token/bob", 1));
  ASSERT_TRUE(store_->set_value("token0", 2));
  ASSERT_TRUE(store_->set_value("baseline/shop", 3));
  EXPECT_EQ(**store_->value("token/ann"), token);
  EXPECT_FALSE(store_->value("token/eve")->has_value());
  const auto found = store_->values("token/");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].first, "token/ann");
  EXPECT_EQ((*found)[1].first, "token/bob");
  EXPECT_EQ(store_->values("")->size(), 4U);
  ASSERT_TRUE(store_->set_value("token/bob", "new"));
  EXPECT_EQ((*store_->value("token/bob"))->as_string(), "new");
  ASSERT_TRUE(store_->remove_value("token/bob"));
  ASSERT_TRUE(store_->remove_value("token/bob")) << "removing what is gone is done already";
  EXPECT_FALSE(store_->value("token/bob")->has_value());
}

TEST_P(StoreContract, KeepsANoticeWithTheRecordThatCausesItOrNeither) {
  const auto release = new_release(app_);
  const auto old = taken("daemon 1", release);
  auto ended = record(release, "settled");
  ended.tell = {telling(release, "released", {"team", "mail"})};
  ASSERT_TRUE(store_->append(old, ended));
  taken("daemon 2", release);
  auto late = record(release, "late");
  late.tell = {telling(release, "aborted", {"team"})};
  EXPECT_FALSE(store_->append(old, late)) << "fenced";

  const auto notices = store_->notices(release);
  ASSERT_TRUE(notices);
  ASSERT_EQ(notices->size(), 1U);
  EXPECT_EQ(ports::to_json((*notices)[0]), ports::to_json(ended.tell[0].notice));
  const auto deliveries = store_->deliveries(release);
  ASSERT_EQ(deliveries->size(), 2U);
  EXPECT_EQ((*deliveries)[0].to.channel, "team");
  EXPECT_EQ((*deliveries)[0].to.settings.text("type"), "slack");
  EXPECT_EQ((*deliveries)[0].state, ports::DeliveryState::Waiting);
  EXPECT_TRUE(store_->records(release, 0)->front().tell.empty());
}

TEST_P(StoreContract, TellsWhatHasTheSameKeyOnce) {
  ASSERT_TRUE(store_->tell(telling("r-0001", "released", {"team"})));
  ASSERT_TRUE(store_->tell(telling("r-0001", "released", {"team", "mail"})));
  EXPECT_EQ(store_->notices("r-0001")->size(), 1U);
  EXPECT_EQ(store_->deliveries("r-0001")->size(), 1U);
}

TEST_P(StoreContract, GivesWhatIsDueOldestFirstAndNeverPastAnOlderOneOfItsSubject) {
  ASSERT_TRUE(store_->tell(telling("r-0001", "held", {"team", "mail"})));
  ASSERT_TRUE(store_->tell(telling("r-0001", "released", {"team"})));
  ASSERT_TRUE(store_->tell(telling("r-0002", "held", {"team"})));
  EXPECT_TRUE(store_->due(99, 10)->empty()) << "not yet";
  auto due = store_->due(100, 10);
  ASSERT_TRUE(due);
  EXPECT_EQ(keys_of(*due), "r-0001/held@team r-0001/held@mail r-0002/held@team");
  EXPECT_EQ(store_->due(100, 1)->size(), 1U);

  auto first = due->front();
  first.attempts = 1;
  first.next_ms = 500;
  first.error = "no answer";
  ASSERT_TRUE(store_->keep_attempt(first));
  EXPECT_EQ(keys_of(*store_->due(100, 10)), "r-0001/held@mail r-0002/held@team");
  due = store_->due(500, 10);
  EXPECT_EQ(due->front().attempts, 1);
  EXPECT_EQ(due->front().error, "no answer");

  first.state = ports::DeliveryState::Dead;
  first.ended_ms = 600;
  ASSERT_TRUE(store_->keep_attempt(first));
  EXPECT_EQ(keys_of(*store_->due(500, 10)),
            "r-0001/held@mail r-0001/released@team r-0002/held@team");
  EXPECT_EQ(store_->deliveries("r-0001")->front().state, ports::DeliveryState::Dead);
  EXPECT_EQ(store_->deliveries("r-0001")->front().ended_ms, 600);
}

TEST_P(StoreContract, PrunesOldNoticesOfNoReleaseAndNoneThatStillWaits) {
  const auto alert = [](const std::string& key, std::int64_t at_ms) {
    auto out = telling("", key, {"team"});
    out.notice.at_ms = at_ms;
    return out;
  };
  ASSERT_TRUE(store_->tell(alert("old", 100)));
  ASSERT_TRUE(store_->tell(alert("waits", 101)));
  ASSERT_TRUE(store_->tell(alert("young", 900)));
  ASSERT_TRUE(store_->tell(telling("r-0001", "released", {"team"})));
  for (auto one : *store_->due(1'000, 10)) {
    if (one.notice.key == "/waits") continue;
    one.state = ports::DeliveryState::Sent;
    ASSERT_TRUE(store_->keep_attempt(one));
  }
  for (auto one : *store_->due(1'000, 10)) {
    if (one.notice.key == "/waits") continue;
    one.state = ports::DeliveryState::Dead;
    ASSERT_TRUE(store_->keep_attempt(one));
  }
  EXPECT_EQ(store_->prune_notices(500, 10).value_or(-1), 1);
  EXPECT_EQ(store_->prune_notices(500, 10).value_or(-1), 0);
  EXPECT_EQ(store_->notices("")->size(), 2U);
  EXPECT_EQ(store_->deliveries("")->size(), 2U);
  EXPECT_EQ(store_->notices("r-0001")->size(), 1U) << "a release keeps its history";
  ASSERT_TRUE(store_->tell(alert("new", 950)));
  EXPECT_EQ(store_->deliveries("")->size(), 3U);
}

TEST_P(StoreContract, KeepsIncidentsAndWhatIsToldOfThemTogether) {
  ports::IncidentRow row;
  row.app = app_;
  row.severity = "sev2";
  row.status = "investigating";
  row.release = "r-0001";
  row.opened_ms = 77;
  row.body = Json::object().set("impact", "checkout is “down”");
  auto made = store_->create_incident(row);
  ASSERT_TRUE(made) << made.error().sentence();
  EXPECT_EQ(made->id, "i-0001");
  EXPECT_EQ(store_->create_incident(row)->id, "i-0002");
  made->status = "resolved";
  made->closed_ms = 99;
  ASSERT_TRUE(store_->keep_incident(*made, {telling("i-0001", "closed", {"team"})}));
  EXPECT_EQ(store_->notices("i-0001")->size(), 1U);
  const auto kept = store_->incident("i-0001");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->closed_ms, 99);
  EXPECT_EQ(kept->body.text("impact"), "checkout is “down”");
  EXPECT_EQ(store_->open_incidents()->size(), 1U);
  EXPECT_EQ(store_->incidents(app_, 10)->front().id, "i-0002") << "newest first";
  EXPECT_EQ(store_->incidents(app_, 1)->size(), 1U);
  EXPECT_TRUE(store_->incidents({"other", "production"}, 10)->empty());
  EXPECT_EQ(store_->incident("i-0003").error().code, Code::NotFound);
  made->id = "i-0003";
  EXPECT_FALSE(store_->keep_incident(*made, {telling("i-0003", "closed", {"team"})}));
  EXPECT_TRUE(store_->notices("i-0003")->empty()) << "or neither";
}

TEST_P(StoreContract, ServesSeveralThreadsAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kRecords = 20;
  std::vector<std::vector<std::int64_t>> numbers(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t, &numbers] {
      const ports::AppRef app{"app" + std::to_string(t), "production"};
      const auto release = new_release(app);
      const auto lease = store_->take_lease(app, "daemon 1", release);
      for (int i = 0; lease && i < kRecords; ++i) {
        const auto seq = store_->append(*lease, record(release, std::to_string(i)));
        if (seq) numbers[static_cast<std::size_t>(t)].push_back(*seq);
        EXPECT_EQ((*store_->last_record(release))->event, std::to_string(i));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::int64_t> all;
  for (const auto& own : numbers) {
    EXPECT_TRUE(std::is_sorted(own.begin(), own.end()));
    all.insert(own.begin(), own.end());
  }
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kThreads * kRecords));
  EXPECT_EQ(*all.rbegin() - *all.begin() + 1, kThreads * kRecords);
}

}  // namespace slipway::store

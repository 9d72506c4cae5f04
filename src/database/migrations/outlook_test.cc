// Applied beside folder: what is pending, what is refused.
#include "database/migrations/outlook.h"

#include <gtest/gtest.h>

namespace slipway::database::migrations {
namespace {

Migration one(const std::string& id, Phase phase = Phase::Unknown,
              const std::string& checksum = {}) {
  Migration out;
  out.id = id;
  out.path = id + ".sql";
  out.phase = phase;
  out.checksum = checksum;
  return out;
}
Entry done(const std::string& id, const std::string& checksum = {}) {
  return {id, checksum, Entry::State::Done, ""};
}
std::vector<std::string> rules(const Outlook& outlook) {
  std::vector<std::string> out;
  for (const auto& refusal : outlook.refusals) {
    EXPECT_FALSE(refusal.next.empty()) << refusal.rule << " does not say what to do";
    out.push_back(refusal.rule);
  }
  return out;
}
using Rules = std::vector<std::string>;
using Places = std::vector<std::size_t>;

Outlook look(const std::vector<Migration>& folder, const std::vector<Entry>& entries,
             const Leave& leave = {}, Tool tool = Tool::Plain, const std::string& resumed = {}) {
  return outlook_of(tool, folder, entries, leave, resumed);
}

TEST(Outlook, AContractByItsStatementsWaitsOnceSomethingIsApplied) {
  Migration drop = one("0002_drop");
  drop.derived = Phase::Contract;
  EXPECT_EQ(look({one("0001_a"), drop}, {done("0001_a")}).waiting, (Places{1}));
  EXPECT_EQ(look({one("0001_a"), drop}, {}).pending, (Places{0, 1}));  // nobody uses it yet
}

TEST(Outlook, SeveralPhasesInOneFileAreRefusedUnlessAllAreWanted) {
  Migration both = one("0002_both");
  both.derived = Phase::Contract;
  both.mixed = "it adds (line 1) and takes away (line 2)";
  const std::vector<Migration> folder = {one("0001_a"), both};
  const auto refused = look(folder, {done("0001_a")});
  EXPECT_EQ(rules(refused), Rules{"mixed"});
  EXPECT_EQ(refused.refusals[0].what,
            "0002_both.sql is of several phases: it adds (line 1) and takes away (line 2)");
  EXPECT_EQ(rules(look(folder, {done("0001_a")}, {{}, Phase::Contract})), Rules{});
  EXPECT_EQ(rules(look(folder, {done("0001_a")}, {{"mixed"}, Phase::Backfill})), Rules{});
  EXPECT_EQ(rules(look(folder, {})), Rules{});
  both.phase = Phase::Expand;  // somebody has said it
  EXPECT_EQ(rules(look({one("0001_a"), both}, {done("0001_a")})), Rules{});
}

TEST(Outlook, TellsDoneFromPending) {
  const auto seen = look({one("0001_a"), one("0002_b"), one("0003_c")}, {done("0001_a")});
  EXPECT_EQ(seen.done, (Places{0}));
  EXPECT_EQ(seen.pending, (Places{1, 2}));
  EXPECT_TRUE(seen.refusals.empty());
}

TEST(Outlook, HoldsAContractAndWhatComesBehindItBack) {
  const std::vector<Migration> folder = {one("0001_a", Phase::Expand),
                                         one("0002_b", Phase::Backfill),
                                         one("0003_c", Phase::Contract), one("0004_d")};
  EXPECT_EQ(look(folder, {}).pending, (Places{0, 1}));
  EXPECT_EQ(look(folder, {}).waiting, (Places{2, 3}));
  Leave leave;
  leave.through = Phase::Expand;
  EXPECT_EQ(look(folder, {}, leave).pending, (Places{0}));
  leave.through = Phase::Contract;
  EXPECT_EQ(look(folder, {}, leave).pending, (Places{0, 1, 2, 3}));
}

TEST(Outlook, FillsInFirstWhatStandsBeforeSomethingThatAdds) {
  const std::vector<Migration> folder = {
      one("0001_a", Phase::Expand), one("0002_b", Phase::Backfill), one("0003_c", Phase::Expand),
      one("0004_d", Phase::Backfill)};
  Leave leave;
  leave.through = Phase::Expand;
  EXPECT_EQ(look(folder, {}, leave).pending, (Places{0, 1, 2}));
  EXPECT_EQ(look(folder, {}, leave).waiting, (Places{3}));
  EXPECT_EQ(look(folder, {}, leave).blocked, Places{});
}

TEST(Outlook, TellsWhatAReleaseMayNeedThatIsBehindAContract) {
  const std::vector<Migration> folder = {one("0001_a", Phase::Contract),
                                         one("0002_b", Phase::Backfill),
                                         one("0003_c", Phase::Expand), one("0004_d")};
  Leave leave;
  leave.through = Phase::Expand;
  EXPECT_EQ(look(folder, {}, leave).waiting, (Places{0, 1, 2, 3}));
  EXPECT_EQ(look(folder, {}, leave).blocked, (Places{2, 3}));
}

TEST(Outlook, RefusesAChangedFileWhateverIsAccepted) {
  Leave leave;
  leave.accepted = {"checksum", "dirty"};
  EXPECT_EQ(rules(look({one("0001_a", Phase::Unknown, "new")}, {done("0001_a", "old")}, leave)),
            (Rules{"checksum"}));
}

TEST(Outlook, RefusesWhatIsOutOfOrderMissingOrUnknownUntilItIsAccepted) {
  const std::vector<Migration> folder = {one("0001_a"), one("0002_b"), one("0004_d")};
  EXPECT_EQ(rules(look(folder, {done("0001_a"), done("0004_d")})), (Rules{"out-of-order"}));
  EXPECT_EQ(rules(look(folder, {done("0001_a"), done("0002_b")})), (Rules{"gap"}));
  EXPECT_EQ(rules(look({one("0001_a")}, {done("0001_a"), done("0009_z")})), (Rules{"unknown"}));
  Leave leave;
  leave.accepted = {"out-of-order", "gap", "unknown"};
  EXPECT_TRUE(
      look(folder, {done("0001_a"), done("0004_d"), done("0009_z")}, leave).refusals.empty());
}

TEST(Outlook, TakesNumbersThatAreDatesForNoGap) {
  EXPECT_TRUE(look({one("20240101_a"), one("20240305_b")}, {}).refusals.empty());
}

TEST(Outlook, RefusesWhatAnotherRunLeftUnfinishedButNotWhatSlipwayTakesUpAgain) {
  const std::vector<Entry> entries = {{"a", "", Entry::State::Unfinished, ""}};
  for (const Tool tool : {Tool::Prisma, Tool::GolangMigrate, Tool::Flyway})
    EXPECT_EQ(rules(look({one("a")}, entries, {}, tool)), (Rules{"dirty"}));
  EXPECT_TRUE(look({one("a")}, entries, {}, Tool::Prisma, "a").refusals.empty());
  EXPECT_EQ(rules(look({one("a.js")}, {{"knex_migrations_lock", "", Entry::State::Unfinished, ""}},
                       {}, Tool::Knex)),
            (Rules{"dirty"}));
}

TEST(Outlook, AppliesAgainWhatWasTakenBack) {
  const std::vector<Entry> entries = {{"a", "", Entry::State::TakenBack, ""}};
  EXPECT_EQ(look({one("a")}, entries, {}, Tool::Prisma).pending, (Places{0}));
  EXPECT_EQ(look({one("a")}, {entries[0], done("a")}, {}, Tool::Prisma).done, (Places{0}));
}

TEST(Outlook, RunsARepeatableAgainWhenItChangedAndBeginsAnEmptyDatabaseAtItsBaseline) {
  Migration repeatable = one("R views", Phase::Unknown, "2");
  repeatable.kind = Migration::Kind::Repeatable;
  EXPECT_EQ(look({repeatable}, {done("R views", "1")}, {}, Tool::Flyway).pending, (Places{0}));
  EXPECT_TRUE(look({repeatable}, {done("R views", "2")}, {}, Tool::Flyway).pending.empty());
  Migration baseline = one("2");
  baseline.kind = Migration::Kind::Baseline;
  const std::vector<Migration> folder = {one("1"), one("2"), baseline, one("3")};
  EXPECT_EQ(look(folder, {}, {}, Tool::Flyway).pending, (Places{2, 3}));
  EXPECT_EQ(look({one("1"), baseline, one("3")}, {done("1")}, {}, Tool::Flyway).pending,
            (Places{2}));
}

}  // namespace
}  // namespace slipway::database::migrations

#include "database/copy/copy.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <thread>

#include "base/text.h"
#include "database/copy/crew.h"
#include "database/copy/indexes.h"
#include "database/copy/needles.h"
#include "database/copy/pump.h"
#include "database/copy/schema.h"
#include "database/copy/subset.h"
#include "database/copy/target.h"
#include "database/postgres/scratch_server.h"
#include "database/postgres/url.h"
#include "io/clock.h"

namespace slipway::database::copy {
namespace {

using postgres::Connection;

constexpr Millis kLook{500};
constexpr int kMostStreams = 16;
constexpr int kMostDeadlocks = 10;  // of foreign keys that are made side by side
constexpr std::int64_t kEndOfTable = 4'294'967'295;
constexpr const char* kSession =
    "set synchronous_commit = off; set statement_timeout = 0; set lock_timeout = 0; "
    "set idle_in_transaction_session_timeout = 0";

double seconds_since(std::int64_t begin_us) {
  return static_cast<double>(io::monotonic_us() - begin_us) / 1e6;
}

std::string all_of(const std::vector<config::Diagnostic>& problems) {
  std::vector<std::string> lines;
  for (const auto& problem : problems) lines.push_back(problem.text());
  return join(lines, "\n");
}

// One copy on its way. The steps in the order of run().
class Copier {
 public:
  explicit Copier(const CopyOptions& options) : options_(options) {}

  Result<CopyReport> run() {
    const std::int64_t begin = io::monotonic_us();
    TRY(read_source());
    TRY(make_copy_plan());
    target_ = TRY(Target::open(options_.to, *source_));
    report_.database = target_->name();
    if (target_->dropped_leftover())
      report_.notes.emplace_back("what an earlier copy had left unfinished was dropped");
    needles_ = TRY(take_needles(*source_, planned_.plan));
    report_.searched_values = needles_.size();
    TRY(make_schema());
    TRY(fill());
    report_.copy_seconds = seconds_since(begin);
    const std::int64_t check = io::monotonic_us();
    TRY(finish());
    report_.check_seconds = seconds_since(check);
    TRY(target_->swap());
    report_.seconds = seconds_since(begin);
    return std::move(report_);
  }

 private:
  Result<void> read_source() {
    source_ = TRY(open_reader(options_.from, ""));
    TRY(source_->run("set idle_in_transaction_session_timeout = 0"));
    snapshot_ = TRY(source_->value("select pg_export_snapshot()")).value_or("");
    catalogue_ = TRY(read_catalogue(*source_));
    sequences_ = TRY(read_sequences(*source_));
    return ok();
  }

  Result<void> make_copy_plan() {
    planned_ = make_plan(catalogue_, options_.rules, options_.key);
    if (planned_.problems.empty())
      planned_.problems = limit_rows(catalogue_, options_.rules, *source_, planned_.plan);
    if (!planned_.problems.empty())
      return Error(Code::ConfigInvalid,
                   "the rules do not fit the database:\n" + all_of(planned_.problems),
                   "mend the rules");
    if (!planned_.unclassified.empty())
      return Error(
          Code::NotClassified,
          fmt::format("{} without a rule: {}",
                      count_of(static_cast<long long>(planned_.unclassified.size()), "column"),
                      join(planned_.unclassified, ", ")),
          "look at each and add it to " + options_.rules.file + ":\n" + planned_.to_paste);
    report_.notes = planned_.plan.notes;
    for (const auto& table : planned_.plan.tables) {
      for (const auto& mask : table.masks)
        report_.columns_masked += mask.act == ColumnMask::Act::Copy ? 0 : 1;
    }
    return ok();
  }

  Result<void> make_schema() {
    const std::string bin = options_.bin.empty() ? TRY(postgres::newest_bin()) : options_.bin;
    const DumpTerms terms{options_.from, snapshot_, bin};
    const auto before = TRY(dump_schema(terms, Section::BeforeRows));
    const auto after = TRY(dump_schema(terms, Section::AfterRows));
    if (needles_.is_in(before) || needles_.is_in(after))
      return Error(Code::Refused,
                   "a real value of a masked column stands in the schema: in a default, a check, "
                   "a function or a comment",
                   "look for it with pg_dump --schema-only");
    schema_ = TRY(sort_schema(before, after));
    for (const auto& what : schema_.left_out) report_.notes.push_back("left out: " + what);
    TRY(target_->create(TRY(locale_of(*source_))));
    auto connection = TRY(open_target());
    for (const auto& statement : schema_.before) {
      // Extensions are made by the login: their owner is seldom allowed to.
      const bool is_extension = statement.starts_with("CREATE EXTENSION") ||
                                statement.starts_with("COMMENT ON EXTENSION");
      if (is_extension && !target_->owner().empty()) TRY(connection->run("reset role"));
      TRY(connection->run(statement));
      if (is_extension) TRY(become_owner(*connection));
    }
    return map_element_types(*connection);
  }

  Result<void> become_owner(Connection& connection) {
    if (target_->owner().empty()) return ok();
    TRY(connection.run("set role " + connection.quote_name(target_->owner())));
    return ok();
  }

  Result<std::unique_ptr<Connection>> open_target() {
    auto out = TRY(Connection::open(target_->url(), "slipway db copy"));
    out->hide_values();
    TRY(out->run(kSession));
    for (const auto& setting : schema_.settings) TRY(out->run(setting));
    TRY(become_owner(*out));
    return out;
  }

  // Binary arrays name their elements' type by number, which for types of the database's own is
  // another one in the target.
  Result<void> map_element_types(Connection& target) {
    for (auto& plan : planned_.plan.tables) {
      for (std::size_t i = 0; i < plan.columns.size(); ++i) {
        const Column& column = *plan.columns[i];
        if (!column.is_array || column.base_schema == "pg_catalog") continue;
        const auto id = TRY(target.value(
            "select t.oid from pg_type t join pg_namespace n on n.oid = t.typnamespace "
            "where n.nspname = $1 and t.typname = $2",
            {column.base_schema, column.base}));
        if (id) plan.masks[i].element_type = static_cast<std::uint32_t>(std::stoul(*id));
      }
    }
    return ok();
  }

  int streams() const {
    if (options_.streams > 0) return std::min(options_.streams, kMostStreams);
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    return std::clamp(cores, 2, kMostStreams);
  }

  Result<void> fill() {
    TRY(weigh(*source_, schema_.indexes));
    for (auto& index : schema_.indexes) indexes_of_[index.table].push_back(index);
    Crew crew(
        streams(),
        [this]() -> Result<Hands> {
          Hands hands;
          hands.source = TRY(open_reader(options_.from, snapshot_));
          hands.target = TRY(open_target());
          return hands;
        },
        options_.interrupted);
    for (const auto& plan : planned_.plan.tables) add_table(crew, plan);
    const std::int64_t begin = io::monotonic_us();
    TRY(crew.wait(kLook, [&] { tell(rows_left_ > 0 ? "rows" : "indexes", begin); }));
    for (const auto& plan : planned_.plan.tables) sum_up(plan);
    return ok();
  }

  void add_table(Crew& crew, const TablePlan& plan) {
    if (plan.empty) {
      add_indexes(crew, plan);
      return;
    }
    const std::int64_t parts = parts_of(*plan.table);
    const std::int64_t step = plan.table->pages / parts + 1;
    {
      const std::lock_guard lock(mutex_);
      parts_left_[plan.table->id] = parts;
    }
    rows_left_ += static_cast<int>(parts);
    for (std::int64_t i = 0; i < parts; ++i) {
      Pages pages;
      if (parts > 1) pages = {i * step, i + 1 == parts ? kEndOfTable : (i + 1) * step};
      crew.add([this, &crew, &plan, pages](Hands& hands) -> Result<void> {
        const PumpTerms terms{&plan, pages, &needles_, &meter_, &crew.stopped()};
        const auto tally = TRY(pump(*hands.source, *hands.target, terms));
        return part_is_done(crew, plan, tally);
      });
    }
  }

  std::int64_t parts_of(const Table& table) const {
    // Reading a range of pages alone is known to servers from 14 on.
    const bool can = source_->server_version() >= 140000 && streams() > 2;
    if (!can || table.bytes < options_.large) return 1;
    return std::min<std::int64_t>(streams(), table.pages);
  }

  Result<void> part_is_done(Crew& crew, const TablePlan& plan, const RowTally& tally) {
    --rows_left_;
    if (tally.leaks > 0)
      return Error(Code::Refused,
                   fmt::format("{} holds real values of masked columns, and its rule lets them "
                               "through",
                               tally.first_leak),
                   "give it another rule: free_text, or json with more paths");
    bool last = false;
    {
      const std::lock_guard lock(mutex_);
      RowTally& sum = tallies_[plan.table->id];
      sum.rows += tally.rows;
      sum.bytes_in += tally.bytes_in;
      sum.bytes_out += tally.bytes_out;
      last = --parts_left_[plan.table->id] == 0;
    }
    if (last) add_indexes(crew, plan);
    return ok();
  }

  void add_indexes(Crew& crew, const TablePlan& plan) {
    const auto found = indexes_of_.find(plan.table->full_name());
    if (found != indexes_of_.end()) {
      for (const auto& index : found->second) {
        crew.add([&index, &crew](Hands& hands) {
          return build(*hands.target, index, crew.is_idle() ? Sorters::Several : Sorters::One);
        });
      }
    }
  }

  void sum_up(const TablePlan& plan) {
    const RowTally& tally = tallies_[plan.table->id];
    report_.tables.push_back(
        {plan.table->full_name(), tally.rows, tally.bytes_in, tally.bytes_out});
    report_.rows += tally.rows;
    report_.bytes_in += tally.bytes_in;
    report_.bytes_out += tally.bytes_out;
  }

  // What depends on several tables, in the order it must be made.
  Result<void> finish() {
    auto connection = TRY(open_target());
    for (const auto& index : rest_of_indexes()) TRY(connection->run(index));
    for (const auto& statement : schema_.constraints) TRY(connection->run(statement));
    TRY(check_and_analyse());
    for (const auto& statement : schema_.after) TRY(connection->run(statement));
    for (const auto& sequence : sequences_) {
      if (!sequence.is_called) continue;
      TRY(connection->query("select setval(format('%I.%I', $1::text, $2::text)::regclass, $3)",
                            {sequence.schema, sequence.name, std::to_string(sequence.last)}));
    }
    return ok();
  }

  // Of materialized views, which are filled later.
  std::vector<std::string> rest_of_indexes() const {
    std::vector<std::string> out;
    for (const auto& [table, indexes] : indexes_of_) {
      const bool is_done =
          std::any_of(planned_.plan.tables.begin(), planned_.plan.tables.end(),
                      [&](const TablePlan& plan) { return plan.table->full_name() == table; });
      for (const auto& index : indexes) {
        if (!is_done) out.push_back(index.statement);
      }
    }
    return out;
  }

  // Foreign keys are validated by the server as they are made: a broken one ends the copy.
  Result<void> check_and_analyse() {
    Crew crew(
        streams(),
        [this]() -> Result<Hands> {
          Hands hands;
          hands.target = TRY(open_target());
          return hands;
        },
        options_.interrupted);
    for (const auto& plan : planned_.plan.tables) {
      crew.add([&plan](Hands& hands) -> Result<void> {
        TRY(hands.target->run("analyze " + quoted_name(*hands.target, *plan.table)));
        return ok();
      });
    }
    for (const auto& statement : schema_.references)
      crew.add([&statement](Hands& hands) { return add_reference(*hands.target, statement); });
    for (const auto& plan : planned_.plan.tables)
      crew.add([this, &plan](Hands& hands) { return search_copy(*hands.target, plan, needles_); });
    const std::int64_t begin = io::monotonic_us();
    return crew.wait(kLook, [&] { tell("references", begin); });
  }

  static Result<void> add_reference(Connection& target, const std::string& statement) {
    for (int tries = 1;; ++tries) {
      auto made = target.run(statement);
      if (made) return ok();
      if (target.sqlstate() != Connection::kDeadlock || tries == kMostDeadlocks)
        return made.error();
    }
  }

  void tell(const std::string& phase, std::int64_t begin) {
    if (!options_.on_progress) return;
    Progress progress;
    progress.phase = phase;
    progress.rows = static_cast<double>(meter_.rows);
    progress.bytes = static_cast<double>(meter_.bytes);
    progress.seconds = seconds_since(begin);
    for (const auto& plan : planned_.plan.tables)
      progress.rows_in_all += plan.empty ? 0 : plan.table->rows;
    options_.on_progress(progress);
  }

  const CopyOptions& options_;
  CopyReport report_;
  std::unique_ptr<Connection> source_;
  std::string snapshot_;
  Catalogue catalogue_;
  std::vector<Sequence> sequences_;
  Planned planned_;
  std::unique_ptr<Target> target_;
  NeedleSet needles_;
  Schema schema_;
  std::map<std::string, std::vector<IndexStatement>> indexes_of_;
  Meter meter_;
  std::atomic<int> rows_left_{0};
  std::mutex mutex_;  // of the two below
  std::map<std::uint32_t, std::int64_t> parts_left_;
  std::map<std::uint32_t, RowTally> tallies_;
};

}  // namespace

double Progress::seconds_left() const {
  if (rows <= 0 || rows_in_all <= rows) return 0;
  return seconds * (rows_in_all - rows) / rows;
}

Json to_json(const CopyReport& report) {
  Json tables = Json::array();
  for (const auto& table : report.tables) {
    tables.push_back(Json::object()
                         .set("name", table.name)
                         .set("rows", table.rows)
                         .set("bytes_in", table.bytes_in)
                         .set("bytes_out", table.bytes_out));
  }
  return Json::object()
      .set("database", report.database)
      .set("tables", tables)
      .set("rows", report.rows)
      .set("bytes_in", report.bytes_in)
      .set("bytes_out", report.bytes_out)
      .set("columns_masked", static_cast<std::int64_t>(report.columns_masked))
      .set("searched_values", static_cast<std::int64_t>(report.searched_values))
      .set("copy_seconds", report.copy_seconds)
      .set("check_seconds", report.check_seconds)
      .set("seconds", report.seconds)
      .set("notes", Json::array_of(report.notes));
}

Result<CopyReport> copy_database(const CopyOptions& options) { return Copier(options).run(); }

}  // namespace slipway::database::copy

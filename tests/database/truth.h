#pragma once
// What each case of the corpus does to a running PostgreSQL: the truth that lint and rehearsal are
// measured against.
#include <memory>

#include "database/postgres/scratch_server.h"
#include "database/rehearsal/tracer.h"
#include "tests/database/corpus.h"

namespace slipway::database::corpus {

// What counts as long: half of the corpus's tables.
inline constexpr std::int64_t kLongRows = 10'000;

// A server with one database per part, filled from its schema.
class World {
 public:
  // `rows`: how many rows stand in for the 20,000 of the schema.
  static Result<std::unique_ptr<World>> start(const std::vector<Part>& parts,
                                              const std::string& rows = "20000");
  Result<rehearsal::Effect> measure(const Part& part, const Case& one);
  // A copy of the part's database with the case's earlier migrations in it, gone with `drop`.
  Result<std::string> copy(const Part& part, const Case& one);
  Result<void> drop(const std::string& database);
  Result<std::unique_ptr<postgres::Connection>> connect(const std::string& database);

 private:
  Result<void> fill(const Part& part, const std::string& rows);
  Result<rehearsal::Effect> measure_in(const Part& part, const Case& one,
                                       const std::string& database);
  Result<rehearsal::Effect> apply(rehearsal::OldRelease& old, const Case& one,
                                  postgres::Connection& connection, const std::string& database);
  Result<rehearsal::Effect> apply_alone(rehearsal::Tracer& tracer, const std::string& statement,
                                        const std::string& database);
  std::unique_ptr<postgres::ScratchServer> server_;
  std::unique_ptr<postgres::Connection> admin_;
  int copies_ = 0;
};

}  // namespace slipway::database::corpus

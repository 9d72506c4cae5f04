#pragma once
// Stage: a scratch server on which migrations are rehearsed. Either it is made for that, with
// production's schema, every definition and right, how many rows each table has and none of the
// rows; or it is a backup of production that somebody restored. Gone with its owner.
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "database/lint/schema.h"
#include "database/postgres/connection.h"
#include "database/postgres/scratch_server.h"
#include "database/rehearsal/rehearse.h"

namespace slipway::database::rehearsal {

class Stage {
 public:
  // Reads `source` by pg_dump; nothing of it is changed. An error says why it cannot be done here:
  // no PostgreSQL programs, older ones than production's, an extension that is not installed.
  static Result<std::unique_ptr<Stage>> set(const std::string& source);
  // On `database` of a server with production's rows, which lives as long as `owner`. It is made
  // ready: nothing works in the background, and no foreign server can be reached.
  static Result<std::unique_ptr<Stage>> on(std::shared_ptr<void> owner,
                                           const postgres::ScratchServer& server,
                                           std::string database);

  Result<std::unique_ptr<postgres::Connection>> open(const std::string& as) const;
  const std::string& database() const { return database_; }
  std::string url() const { return server_->url(database_); }
  const postgres::ScratchServer& server() const { return *server_; }
  // The schema in one text, the same for the same schema; slipway's own is left out.
  Result<std::string> shape() const;
  // The rows of these tables ("public.knex_migrations"), as `source` has them; those that are not
  // there are left out. For the book of a tool, which decides what it runs.
  Result<void> take_rows(const std::string& source, const std::vector<std::string>& tables);
  // Names without a schema are looked for where `source` looks for them.
  Result<void> look_as(const std::string& source);
  // What a copy of the database needs to be set to, to be as this one: statements.
  std::vector<std::string> settings_of(const std::string& copy) const;
  // Counts anew, where a restore has not brought the counts along.
  Result<void> count_rows();
  // Ends the server at once: whoever uses it gets an error. From any thread.
  void abandon() const;

 private:
  Stage(std::shared_ptr<void> owner, const postgres::ScratchServer& server, std::string database)
      : owner_(std::move(owner)), server_(&server), database_(std::move(database)) {}

  std::shared_ptr<void> owner_;
  const postgres::ScratchServer* server_;
  std::string database_;
  std::string search_path_;  // "": the usual one
};

// The lines of two shapes that are not in the other: "- a\n+ b\n"; "" when they are the same.
std::string difference(const std::string& before, const std::string& after);

}  // namespace slipway::database::rehearsal

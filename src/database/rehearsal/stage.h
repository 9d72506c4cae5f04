#pragma once
// Stage: a scratch server with production's schema, on which migrations are rehearsed: every
// definition and right, how many rows each table has, and none of the rows. Gone with its owner.
#include <memory>
#include <string>

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

  Result<std::unique_ptr<postgres::Connection>> open(const std::string& as) const;
  // The schema in one text, the same for the same schema; slipway's own is left out.
  Result<std::string> shape() const;
  // Ends the server at once: whoever uses it gets an error. From any thread.
  void abandon() const;

 private:
  explicit Stage(std::unique_ptr<postgres::ScratchServer> server) : server_(std::move(server)) {}
  std::unique_ptr<postgres::ScratchServer> server_;
};

// The lines of two shapes that are not in the other: "- a\n+ b\n"; "" when they are the same.
std::string difference(const std::string& before, const std::string& after);

}  // namespace slipway::database::rehearsal

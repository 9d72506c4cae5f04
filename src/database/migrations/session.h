#pragma once
// The session that migrates: opened so that it can be found again by another process, and never
// through a pooler that shares it.
#include <memory>
#include <string>

#include "base/result.h"
#include "database/migrations/world.h"
#include "database/postgres/connection.h"

namespace slipway::database::migrations {

// application_name begins with this while something is applied.
inline constexpr std::string_view kStamp = "slipway migrate ";

Result<std::unique_ptr<postgres::Connection>> open_session(const std::string& url,
                                                           const std::string& operation);

// Refused when a pooler stands between that gives each transaction another session of the server:
// locks and settings would be another client's.
Result<void> refuse_shared_sessions(postgres::Connection& database, const std::string& url);

// What a slipway that was killed has left running in the server. A build is waited for (it may have
// hours behind it), anything else is ended. To be called with the turn in hand.
Result<void> settle_leftovers(postgres::Connection& database, World& world);

}  // namespace slipway::database::migrations

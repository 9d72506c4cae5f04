#pragma once
// Takes the look.
#include "base/result.h"
#include "database/postgres/connection.h"
#include "database/watch/sight.h"

namespace slipway::database::watch {

// At most this long for each of its questions; none of them waits for a table's lock.
inline constexpr Millis kMostForAQuestion{5'000};

// A connection that looks: "slipway watch" in the server's own list, which the look leaves out.
Result<std::unique_ptr<postgres::Connection>> connect(const std::string& url,
                                                      Millis timeout = Millis(5'000));
// What the role may not see is absent. Any server from version 13 on.
Result<Sight> look(postgres::Connection& connection);

}  // namespace slipway::database::watch

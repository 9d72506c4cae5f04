#pragma once
// Which database a verb is about.
#include <string>

#include "cli/session.h"

namespace slipway::app {

// What --url says (a URL, or env:NAME for the variable that holds it); without it, database.url of
// ENV in slipway.yaml. `details` as in cli::load_file().
Result<std::string> database_url(cli::Session& session, Json& details);

}  // namespace slipway::app

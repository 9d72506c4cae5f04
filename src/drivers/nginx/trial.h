#pragma once
// Trial: would nginx take this file? Asked of `nginx -t` on a copy of its configuration in which
// the new bytes stand in the file's place; what runs and what is on disk stay as they are.
#include <string>

#include "base/result.h"
#include "drivers/nginx/drivers.h"

namespace slipway::drivers::nginx {

// `config` with every include that takes in `file` given out file by file, `file` itself replaced
// by `stand_in`. Unsupported when no include of `config` takes it in. Pure but for listing folders.
Result<std::string> with_stand_in(const std::string& config, const std::string& config_path,
                                  const std::string& file, const std::string& stand_in);

// Refused, in nginx's words, when it would not.
Result<void> try_out(const Settings& settings, const std::string& file, const std::string& bytes);

}  // namespace slipway::drivers::nginx

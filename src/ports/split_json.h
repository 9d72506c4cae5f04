#pragma once
// A Split as JSON: what a script is told and answers (docs/formats/command-driver.md), and what a
// router's record keeps (docs/formats/router-files.md).
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "ports/router.h"

namespace slipway::ports {

Json to_json(const Split& split);
// Malformed, with what is wrong: a split without shares or with an unknown mode is a mistake of who
// wrote it, not "nothing".
Result<Split> split_from_json(const Json& json);

}  // namespace slipway::ports

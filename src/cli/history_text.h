#pragma once
// History in words. Pure.
#include <string>

#include "base/json.h"

namespace slipway::cli {

std::string history_text(const Json& releases);  // GET /v1/releases: one line each
std::string release_text(const Json& release);   // GET /v1/releases/{id}: everything about it

}  // namespace slipway::cli

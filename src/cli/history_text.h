#pragma once
// History in words. Pure.
#include <string>

#include "base/json.h"

namespace slipway::cli {

std::string history_text(const Json& releases);  // GET /v1/releases: one line each
std::string release_text(const Json& release);   // GET /v1/releases/{id}: everything about it
// One verdict: when, of which step, its sentence, its evidence in logs.
std::string verdict_text(const Json& verdict);

}  // namespace slipway::cli

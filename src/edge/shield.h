#pragma once
// What a service lets in and how much of it: the member "shield" of a service in
// docs/formats/edge-table.md. A plain value.
#include "base/json.h"
#include "base/result.h"

namespace slipway::edge {

struct Shield {
  friend bool operator==(const Shield&, const Shield&) = default;
};

Json to_json(const Shield& shield);
Result<void> read_shield(const Json& json, Shield& shield);

}  // namespace slipway::edge

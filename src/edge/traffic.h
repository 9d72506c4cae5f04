#pragma once
// How a service's requests are spread over its releases and their targets: the member "traffic" of
// a service in docs/formats/edge-table.md. A plain value.
#include "base/json.h"
#include "base/result.h"

namespace slipway::edge {

struct Traffic {
  friend bool operator==(const Traffic&, const Traffic&) = default;
};

Json to_json(const Traffic& traffic);
Result<void> read_traffic(const Json& json, Traffic& traffic);

}  // namespace slipway::edge

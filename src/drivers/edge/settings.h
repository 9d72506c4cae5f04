#pragma once
// config::Service::edge and the members of a service in the edge's table: the same shape, read by
// the table's own strict reader. Pure.
#include "base/json.h"
#include "base/result.h"
#include "edge/table.h"

namespace slipway::drivers::edge {

// A service with nothing but these settings; Malformed names the member the edge does not have.
Result<slipway::edge::Service> with_settings(const Json& settings, const std::string& service);
// The reverse: what of an entry is a setting and not the edge's default. Null when there is none.
Json settings_of(const slipway::edge::Service& entry);

}  // namespace slipway::drivers::edge

#pragma once
// What an answer says. Pure. Everything that is not exactly one finite number is an error.
#include <string>

#include "base/result.h"

namespace slipway::drivers::metrics {

// Of GET /api/v1/query: a scalar, or a vector of one.
Result<double> prometheus_number(const std::string& body);
// A number alone ("97.3", white space around it), or JSON. `field`: the names down to the number,
// joined by dots, "0" for the first of a list; empty: the whole answer.
Result<double> plain_number(const std::string& body, const std::string& field);

}  // namespace slipway::drivers::metrics

#pragma once
// A part of the rows, with foreign keys whole: a share of one table, and of every table that refers
// to it only the rows whose references are all there.
#include <vector>

#include "database/copy/plan.h"

namespace slipway::database::copy {

// Sets `where` of the plan's tables; the problems are rules that cannot be followed.
std::vector<config::Diagnostic> limit_rows(const Catalogue& catalogue, const Rules& rules,
                                           const postgres::Connection& source, CopyPlan& plan);

}  // namespace slipway::database::copy

#pragma once
// Real values of the columns that are masked, taken from the source: what must not be found in the
// copy. And the search of the finished copy for them.
#include "base/result.h"
#include "database/copy/plan.h"

namespace slipway::database::copy {

Result<NeedleSet> take_needles(postgres::Connection& source, const CopyPlan& plan);
// Reads rows of every table of the copy, all of a small one, and looks at their texts. Refused
// names the table and column, never the value.
Result<void> search_copy(postgres::Connection& target, const TablePlan& plan,
                         const NeedleSet& needles);

}  // namespace slipway::database::copy

#pragma once
// Which days a rule of a freeze means.
#include "config/when.h"
#include "plan/civil.h"

namespace slipway::plan {

bool covers(const config::DayRule& rule, DayNumber day);
// Whether a day of the rule lies in the week, Monday to Sunday, of `day`.
bool covers_week_of(const config::DayRule& rule, DayNumber day);
DayNumber day_of_feast(config::Feast feast, int year);

}  // namespace slipway::plan

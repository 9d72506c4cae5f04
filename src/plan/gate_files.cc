#include "plan/gate_files.h"

#include "plan/holidays.h"

namespace slipway::plan {

Result<void> read_holidays(config::Gates& gates, const ReadFile& read) {
  for (auto& freeze : gates.freeze) {
    if (freeze.holidays_file.empty()) continue;
    auto text = read(freeze.holidays_file);
    if (!text) return std::move(text).error().in("the holidays of a freeze");
    freeze.holidays = TRY(read_ics(*text, freeze.holidays_file));
  }
  return ok();
}

}  // namespace slipway::plan

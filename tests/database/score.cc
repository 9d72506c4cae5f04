#include "tests/database/score.h"

namespace slipway::database::corpus {
namespace {
double percent(int part, int whole) { return whole == 0 ? 0 : 100.0 * part / whole; }
}  // namespace

void Score::add(const Measured& measured, bool is_alarm) {
  const std::string name = measured.one->part + ": " + measured.one->name;
  if (!measured.truth.any()) {
    ++harmless;
    if (!is_alarm) return;
    ++false_alarms;
    wrong.push_back(name);
    return;
  }
  ++dangerous;
  breaking += measured.truth.breaks ? 1 : 0;
  if (!is_alarm) return missed.push_back(name);
  ++found;
  breaking_found += measured.truth.breaks ? 1 : 0;
}

double Score::found_percent() const { return percent(found, dangerous); }
double Score::false_percent() const { return percent(false_alarms, harmless); }

}  // namespace slipway::database::corpus

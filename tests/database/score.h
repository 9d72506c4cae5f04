#pragma once
// Found, missed and false alarms of one judge against the truth.
#include <string>
#include <vector>

#include "database/rehearsal/effect.h"
#include "tests/database/corpus.h"

namespace slipway::database::corpus {

struct Measured {
  const Case* one = nullptr;
  rehearsal::Harms truth;
};

struct Score {
  int dangerous = 0;
  int harmless = 0;
  int found = 0;
  int false_alarms = 0;
  int breaking = 0;  // that break the old release
  int breaking_found = 0;
  std::vector<std::string> missed;  // "part: name"
  std::vector<std::string> wrong;

  void add(const Measured& measured, bool is_alarm);
  double found_percent() const;
  double false_percent() const;
};

}  // namespace slipway::database::corpus

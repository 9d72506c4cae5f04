#pragma once
// One restore test.
#include <string>
#include <vector>

#include "database/backup/tool.h"
#include "database/proof/fingerprint.h"

namespace slipway::database::proof {

struct Terms {
  backup::Settings settings;
  std::string into;      // the scratch cluster's folder; made, and removed afterwards
  bool compares = true;  // false: nothing is asked of the running database, the newest is restored
  bool checks_files = true;  // every file of the repository is read
};

struct Phase {
  std::string name;
  double seconds = 0;
};

struct Proof {
  std::string entry;  // the backup
  std::string point;  // restored up to; "" without comparing
  std::vector<Phase> phases;
  double rto_seconds = 0;    // until the restored server answered
  double lost_seconds = -1;  // age of the newest transaction in it when the test began; -1: unknown
  bool is_compared = false;
  Comparison comparison;
  std::vector<std::string> faults;  // sentences; empty: the backup is good
  bool is_good() const { return faults.empty(); }
};
Json to_json(const Proof& proof);
std::string in_words(const Proof& proof);

// An error when the test could not be made; a backup that is bad is a Proof with faults.
Result<Proof> prove(const Terms& terms, backup::World world);

}  // namespace slipway::database::proof

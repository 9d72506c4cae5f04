#pragma once
// The corpus of tests/database/corpus, read (its README.md is the format).
#include <string>
#include <vector>

#include "database/rehearsal/old_release.h"

namespace slipway::database::corpus {

struct Case {
  std::string part;  // "known", "held_out"
  std::string name;
  std::string earlier;    // migrations that are committed; "" for most
  std::string now;        // the migration; its last statement is measured
  bool is_alone = false;  // outside of a transaction
};

struct Part {
  std::string name;
  std::string schema;
  std::vector<rehearsal::OldStatement> old_release;
  std::vector<Case> cases;
};
// ASSERTs that the files are as they should be: they are the repository's own.
Part read_part(const std::string& folder, const std::string& name);

// The statements of a text, as strings.
std::vector<std::string> statements_of(const std::string& text);
// The line of `text` on which its last statement begins.
int last_line(const std::string& text);

}  // namespace slipway::database::corpus

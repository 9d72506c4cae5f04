#pragma once
// One run of the command line: find the verb, parse its words, call its function.
#include <span>

#include "cli/session.h"

namespace slipway::cli {

using Run = int (*)(Session& session);  // returns the exit status
struct Entry {
  std::string_view verb;
  Run run;
};
std::span<const Entry> own_entries();  // the verbs of this room

// more: the verbs that live in app/. Returns the exit status.
int run(const std::vector<std::string>& words, const Surroundings& around,
        std::span<const Entry> more);

}  // namespace slipway::cli

#pragma once
// The mark beside a folder that is being restored: written before the first byte, gone after the
// last. What stands under it is ours to throw away, and nothing else is.
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace slipway::database::backup {

struct Mark {
  // Refused when the folder holds something that no earlier restore left. Makes it, empty.
  static Result<void> begin(const std::string& folder, const std::string& user, const Json& about);
  // Moves a cluster aside and makes its folder anew; begun again after a crash it goes on where it
  // was. Where the old one is then.
  static Result<std::string> begin_in_place(const std::string& folder, const std::string& user,
                                            const std::string& stamp, Json about);
  static Result<void> done(const std::string& folder);
  // The half one goes, the kept one comes back to its place. Where it was kept.
  static Result<std::string> take_back(const std::string& folder);
};

}  // namespace slipway::database::backup

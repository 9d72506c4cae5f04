#pragma once
// Follows a running release until it has ended: the timeline on a terminal, lines in a pipe, JSON
// lines with --json. A daemon that goes away is waited for; Ctrl-C lets go, the release goes on.
#include <string>

#include "cli/link.h"

namespace slipway::cli {

enum class Until { Promoted, Done };
inline constexpr int kLetGo = 130;  // exit status after Ctrl-C

// Returns the exit status: that of the release's end.
int follow_release(const Session& session, Link& link, const std::string& release, Until until);

}  // namespace slipway::cli

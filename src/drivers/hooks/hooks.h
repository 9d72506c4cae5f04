#pragma once
// The port Hooks over shell commands.
#include <memory>

#include "io/child.h"
#include "ports/hooks.h"

namespace slipway::drivers::hooks {

// What a run says. 0: done. 75 (EX_TEMPFAIL): in progress, ask again; a last line "again in 30s" on
// its standard output says when, 1 s to 10 min. Anything else: failed.
ports::HookView answer_of(const io::CommandRun& run, Millis timeout);

// When it goes away it waits for the commands that run, their time-outs at most.
std::unique_ptr<ports::Hooks> make_hooks();

}  // namespace slipway::drivers::hooks

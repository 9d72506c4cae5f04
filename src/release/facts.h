#pragma once
// What make_plan needs to know of the world, gathered through the ports. Read only.
#include "plan/plan.h"
#include "release/runner.h"

namespace slipway::release {

// The release now live and the one to go back to come from the store; warm is asked of the
// platform.
Result<plan::Facts> gather_facts(World& world, const std::string& app,
                                 const config::Environment& environment,
                                 const plan::Request& request);

// A stored release as a plan needs it; NotFound when the journal does not know it.
Result<plan::LiveRelease> stored_release(World& world, const std::string& id);

// Marks a release so that no rollback chooses it by itself.
Result<void> mark_bad(ports::Store& store, const std::string& release, const std::string& why);
Result<void> clear_bad(ports::Store& store, const std::string& release);

}  // namespace slipway::release

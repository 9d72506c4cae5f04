#pragma once
// Who may act on an environment: the rules of both stores. Pure.
#include <optional>
#include <string>

#include "base/result.h"
#include "ports/store.h"

namespace slipway::store {

enum class HolderState { Running, Ended };

// The lease row after `owner` took it for `release`; LeaseHeld when another running release has it.
// `holder` says whether the release named in `row` still runs.
Result<ports::Lease> take(const std::optional<ports::Lease>& row, HolderState holder,
                          const ports::AppRef& app, const std::string& owner,
                          const std::string& release);

// May a writer with this lease write now? Fenced when a newer owner has raised the epoch.
Result<void> check_fence(const std::optional<ports::Lease>& row, const ports::Lease& writer);

// What ends a release twice: nothing when the outcome is the same, Conflict otherwise.
Result<void> check_ended_once(const std::string& release, const std::string& before,
                              const std::string& now);

Error no_such_release(const std::string& id);

}  // namespace slipway::store

#pragma once
// A look, for a person's eyes.
#include <string>

#include "database/watch/sight.h"

namespace slipway::database::watch {

// Lines of at most `width` columns, each with its end. `before`: the look before this one, for what
// only a difference tells; nullptr: there is none.
std::string in_words(const Sight& sight, const Sight* before, int width);

}  // namespace slipway::database::watch

#pragma once
// What the table says, in the forms people and shells read. Pure.
#include <string>

#include "cli/verbs.h"

namespace slipway::cli {

std::string usage_of(const Verb& verb);  // "[ENV] VERSION"
std::string overview();                  // `slipway help`
std::string help_of(const Verb& verb);   // `slipway help VERB`
// `slipway completion SHELL`; shell: bash, zsh or fish.
std::string completion(std::string_view shell);
std::string manual(std::string_view version);  // `slipway man`: roff
std::string reference();                       // docs/reference/cli.md

}  // namespace slipway::cli

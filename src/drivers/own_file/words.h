#pragma once
// What drivers of such files say in them: checked words, names, the page shown while closed. Pure.
#include <string>
#include <string_view>

#include "base/result.h"
#include "ports/router.h"

namespace slipway::drivers::own_file {

// Every name, host, path and address of the split consists of harmless characters: nothing in it
// can end a directive of a configuration and begin another. Unsupported names the first that does
// not.
Result<void> check_words(const ports::Split& split, std::string_view router);

// "web" -> "web", "my-app" -> "my__app": injective, and a name in any proxy's configuration.
std::string plain_name(std::string_view name);

// The HTML shown in maintenance or while stopped.
std::string closed_page(const ports::Split& split);
std::int64_t retry_after_s(const ports::Split& split);

// A JSON line that names who wrote a file and for what.
std::string stamp(const ports::AppRef& app, std::int64_t version, std::uint64_t epoch,
                  const std::string& op);

}  // namespace slipway::drivers::own_file

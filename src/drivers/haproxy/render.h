#pragma once
// A split in HAProxy's language. Pure; what it means is in docs/howto/haproxy.md.
#include <string>

#include "base/result.h"
#include "drivers/haproxy/drivers.h"

namespace slipway::drivers::haproxy {

struct Paper {
  std::string stamp;
  std::string page_file;  // shown while closed; HAProxy reads it when it loads the file
};

struct Rendered {
  std::string text;
  std::string shape;  // all of it but servers, weights and stamp: what only a reload changes
};

// Unsupported: a mode or a word HAProxy cannot be given.
Result<Rendered> render(const Settings& settings, const ports::AppRef& app,
                        const ports::Split& split, const Paper& paper);

}  // namespace slipway::drivers::haproxy

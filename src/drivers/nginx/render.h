#pragma once
// A split in nginx's language. Pure; what it means is in docs/howto/nginx.md.
#include <string>

#include "base/result.h"
#include "drivers/nginx/drivers.h"

namespace slipway::drivers::nginx {

struct Paper {
  std::string stamp;      // goes into the second line
  std::string page_file;  // what is shown while closed
  std::string log_file;   // one JSON line per request that reached an instance
};

// Unsupported: a mode or a word nginx cannot be given.
Result<std::string> render(const Settings& settings, const ports::AppRef& app,
                           const ports::Split& split, const Paper& paper);

// /var/log/nginx/slipway.shop.production.counts
std::string log_file_of(const Settings& settings, const ports::AppRef& app);

}  // namespace slipway::drivers::nginx

#pragma once
// Target: which app and environment, and which release, a verb is about.
#include <string>

#include "cli/link.h"
#include "config/load.h"

namespace slipway::cli {

// The configuration, or every mistake in it printed and its exit status.
struct Loaded {
  FoundFile file;
  config::Config config;
};
// ConfigInvalid after having printed the mistakes; details get "diagnostics".
Result<Loaded> load_file(const Session& session, Json& details);

struct Target {
  std::string app;
  std::string environment;
};
// The environment named, or the only one there is. Without a slipway.yaml and without --app the
// daemon's own list decides, when it leaves no doubt.
Result<Target> find_target(Session& session, Link& link, const std::string& named);
// The environment out of the configuration: `named`, or the only one.
Result<std::string> pick_environment(const config::Config& config, const std::string& named);
// The release that runs in ENV, or ENV itself when it is the id of one.
Result<std::string> running_release(Session& session, Link& link);
bool is_release_id(const std::string& text);  // "r-0042"

// "by", when the login name is known; else the daemon says who.
void add_author(const Session& session, Json& body);
std::string target_path(const Target& target);  // "app=…&environment=…"
// "HH:MM:SS" and "YYYY-MM-DD HH:MM", UTC.
std::string clock_text(std::int64_t at_ms);
std::string date_text(std::int64_t at_ms);
// "12s", "3m", "2h", "5d": one unit, for people.
std::string about(std::int64_t ms);

}  // namespace slipway::cli

#include "cli/gate_files.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "io/files.h"
#include "io/zone_file.h"
#include "plan/gate_files.h"
#include "plan/zone.h"

namespace slipway::cli {
namespace {
constexpr std::size_t kMostCalendarBytes = std::size_t{1} << 20;

int number_of(std::string_view text) {
  int out = 0;
  for (const char c : text) out = c >= '0' && c <= '9' ? out * 10 + (c - '0') : out;
  return out;
}

// "slipway.yaml:31:17", also within "inherited from staging (…)".
config::Position place_of(const config::LoadResult& loaded, const std::string& path) {
  for (const auto& one : loaded.resolved) {
    if (one.path != path) continue;
    const auto parts = split(one.origin, ':');
    if (parts.size() < 3) break;
    return {loaded.config->file, number_of(parts[parts.size() - 2]), number_of(parts.back())};
  }
  return {loaded.config->file, 1, 1};
}

void tell(config::LoadResult& loaded, const std::string& path, const Error& error) {
  config::Diagnostic out{place_of(loaded, path), error.what, error.next};
  const bool is_told = std::any_of(loaded.diagnostics.begin(), loaded.diagnostics.end(),
                                   [&](const config::Diagnostic& other) {
                                     return other.what == out.what && other.at.line == out.at.line;
                                   });
  if (!is_told) loaded.diagnostics.push_back(std::move(out));
}

// A machine without the database cannot know; the daemon will.
void check_zone(config::LoadResult& loaded, const config::Environment& environment) {
  const auto& zone = environment.gates.window.zone;
  if (!io::is_dir(io::kZoneFolder)) return;
  const auto bytes = io::read_zone_file(zone);
  const auto path = "environments." + environment.name + ".window.zone";
  if (!bytes) return tell(loaded, path, bytes.error());
  const auto parsed = plan::Zone::parse(zone, *bytes);
  if (!parsed) tell(loaded, path, parsed.error());
}

void check_holidays(config::LoadResult& loaded, const config::Environment& environment,
                    const std::string& folder) {
  const auto read = [&](const std::string& file) {
    return io::read_file(file.starts_with('/') ? file : io::join_path(folder, file),
                         kMostCalendarBytes);
  };
  for (std::size_t i = 0; i < environment.gates.freeze.size(); ++i) {
    config::Gates one;
    one.freeze = {environment.gates.freeze[i]};
    const auto done = plan::read_holidays(one, read);
    const auto path = fmt::format("environments.{}.freeze[{}].holidays", environment.name, i);
    if (!done) tell(loaded, path, done.error());
  }
}
}  // namespace

void check_gate_files(config::LoadResult& loaded, const std::string& folder) {
  if (!loaded.config) return;
  for (const auto& [name, environment] : loaded.config->environments) {
    check_zone(loaded, environment);
    check_holidays(loaded, environment, folder);
  }
}

}  // namespace slipway::cli

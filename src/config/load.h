#pragma once
// Reading slipway.yaml: text -> Config or every problem at once. One table of keys (keys.h) drives
// the reader, the JSON Schema, `config --resolved` and the reference page.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace slipway::config {

struct Position {
  std::string file;
  int line = 0;    // from 1
  int column = 0;  // from 1, in bytes
};

struct Diagnostic {
  Position at;
  std::string what;          // "unknown key 'instnaces' in services.web"
  std::string suggestion;    // "did you mean 'instances'?"
  std::string text() const;  // "slipway.yaml:7:5: what\n    suggestion"
};

// One value as slipway will use it, and where it comes from.
struct Resolved {
  std::string path;   // "environments.production.rollout.strategy"
  std::string value;  // as text; a secret shows only its reference
  std::string
      origin;  // "slipway.yaml:31:17", "default", "inherited from staging (slipway.yaml:12:9)"
};

struct LoadResult {
  std::optional<Config> config;         // set only when there is no diagnostic
  std::vector<Diagnostic> diagnostics;  // in file order
  std::vector<Resolved> resolved;
};

// `folder` is the absolute folder of the file (values such as dir are relative to it).
LoadResult load(std::string_view text, std::string_view file, std::string_view folder);

// JSON Schema (draft 2020-12) of slipway.yaml, from the same table.
Json json_schema();
// The reference page (Markdown), from the same table.
std::string reference_page();
// The commented slipway.yaml that `slipway init` writes.
std::string starter_file(std::string_view app_name);

}  // namespace slipway::config

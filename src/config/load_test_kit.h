#pragma once
// What the tests of this room share: the files of the source tree, and short ways to load a text.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "config/load.h"

namespace slipway::config {

inline std::filesystem::path source_tree() { return std::filesystem::path(SLIPWAY_SOURCE_DIR); }

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in.good()) << path;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

inline LoadResult load_text(std::string_view text) {
  return load(text, "slipway.yaml", "/srv/app");
}

inline std::string all_text(const LoadResult& result) {
  std::string out;
  for (const auto& diagnostic : result.diagnostics) out += diagnostic.text() + "\n";
  return out;
}

// The environment of a text without mistakes.
inline Environment environment_of(std::string_view text, const std::string& name = "production") {
  auto result = load_text(text);
  EXPECT_TRUE(result.config) << all_text(result);
  if (!result.config || !result.config->environments.contains(name)) return {};
  return result.config->environments[name];
}

// "7:5 what | suggestion" of the only mistake, or all of them.
inline std::string mistakes_of(std::string_view text) {
  std::string out;
  for (const auto& d : load_text(text).diagnostics) {
    if (!out.empty()) out += "\n";
    out += std::to_string(d.at.line) + ":" + std::to_string(d.at.column) + " " + d.what;
    if (!d.suggestion.empty()) out += " | " + d.suggestion;
  }
  return out;
}

}  // namespace slipway::config

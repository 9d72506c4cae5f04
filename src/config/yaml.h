#pragma once
// YAML text -> Node tree. yaml-cpp does the grammar, inside yaml.cc alone; nothing it throws gets
// out.
#include <optional>
#include <string_view>

#include "config/node.h"
#include "config/problems.h"

namespace slipway::config {

constexpr std::size_t kLongestText = 1 << 20;  // bytes
constexpr int kDeepest = 32;                   // levels of maps and lists
constexpr int kMostNodes = 10'000;             // after aliases are copied in

// The tree, or nullopt after one problem that says where the text stops being YAML. Duplicate keys
// are added to `problems` and the first one counts.
std::optional<Node> parse_yaml(std::string_view text, Problems& problems);

}  // namespace slipway::config

#pragma once
// Small text tools that several rooms need: nearest spelling, splitting, joining.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway {
// The candidate with the fewest edits from `word`, when it is near enough to be meant.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);
std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
// "1 instance", "3 instances"
std::string count_of(long long count, std::string_view noun);
// The text with every ${name} replaced by value.
std::string replace_all(std::string text, std::string_view what, std::string_view with);
}  // namespace slipway

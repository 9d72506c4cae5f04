#include "base/ids.h"

#include <fmt/core.h>

#include <charconv>

namespace slipway {
std::optional<OpId> parse_op_id(std::string_view text) {
  const auto first = text.find('/');
  const auto last = text.rfind('/');
  if (first == std::string_view::npos || first == last || first == 0) return std::nullopt;
  OpId id;
  id.release = text.substr(0, first);
  id.step = text.substr(first + 1, last - first - 1);
  const auto number = text.substr(last + 1);
  const auto [end, err] = std::from_chars(number.data(), number.data() + number.size(), id.attempt);
  if (err != std::errc() || end != number.data() + number.size() || id.attempt < 1)
    return std::nullopt;
  if (id.step.empty() || id.step.find('/') != std::string::npos) return std::nullopt;
  return id;
}

std::string release_name(std::int64_t number) { return fmt::format("r-{:04}", number); }
}  // namespace slipway

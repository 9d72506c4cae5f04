#pragma once
// OpId names one write to the world: "r-0042/start-web/1". It is stamped on whatever the write
// makes (folder, label, table entry), so that after a crash the world can be asked instead of
// guessed.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway {
struct OpId {
  std::string release;  // "r-0042"
  std::string step;     // "start-web", "undo-start-web"
  int attempt = 1;

  std::string text() const { return release + "/" + step + "/" + std::to_string(attempt); }
  friend bool operator==(const OpId&, const OpId&) = default;
};
std::optional<OpId> parse_op_id(std::string_view text);
// "r-0042" from 42.
std::string release_name(std::int64_t number);
}  // namespace slipway

#pragma once
// Code: any bytes as a word of a-z and 2-7 that is its own and tells nothing. The bytes are packed
// into six bits for each usual character, filled up to 128 bits, permuted under the key and
// written five bits to a letter. Every step can be undone, so two values never share a code.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "database/copy/permutation.h"

namespace slipway::database::copy {

class Code {
 public:
  explicit Code(const Key128& key) : permutation_(key, 256) {}
  // Appends the code of `value`: 26 letters for up to some 21 usual characters, then 1.2 for each.
  void apply(std::string_view value, std::vector<std::uint8_t>& symbols, std::string& out) const;
  // The value that has this code; nullopt when none has.
  std::optional<std::string> undo(std::string_view code) const;

 private:
  Permutation permutation_;
};

// The packing by itself: how many bytes a value takes is what its code's length depends on.
void pack(std::string_view value, std::vector<std::uint8_t>& bytes);
std::optional<std::string> unpack(const std::vector<std::uint8_t>& bytes);

}  // namespace slipway::database::copy

#pragma once
// Addresses of the internet, permuted: 32 bits onto 32 bits, 128 onto 128.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "database/copy/permutation.h"

namespace slipway::database::copy {

class AddressPermutation {
 public:
  explicit AddressPermutation(const Key128& key);
  // Appends another address; false when the text is not one as inet_ntop writes it.
  bool apply_text(std::string_view text, std::string& out) const;
  // The 4 or 16 bytes of an address, in place.
  void apply_bytes(std::span<std::uint8_t> bytes) const { permutation_.forward(bytes); }

 private:
  Permutation permutation_;
};

}  // namespace slipway::database::copy

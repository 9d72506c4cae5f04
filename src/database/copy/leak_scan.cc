#include "database/copy/leak_scan.h"

#include <algorithm>
#include <cstring>

namespace slipway::database::copy {

std::uint64_t NeedleSet::eight_at(const char* at) {
  std::uint64_t out = 0;
  std::memcpy(&out, at, sizeof out);
  return out;
}

std::uint32_t NeedleSet::bit_of(std::uint64_t eight) {
  return static_cast<std::uint32_t>(eight * 0x9e3779b97f4a7c15 >> (64 - kBits));
}

void NeedleSet::add(std::string_view value) {
  if (value.size() < kLeast) return;
  if (!values_.emplace(value).second) return;
  // One of these begins at a place that the search looks at, wherever the value stands.
  for (std::size_t shift = 0; shift < kStride; ++shift) {
    const std::uint64_t eight = eight_at(value.data() + shift);
    places_[eight].push_back({&*values_.find(std::string(value)), shift});
    const std::uint32_t bit = bit_of(eight);
    bits_[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
  ++size_;
}

const std::string* NeedleSet::found_in(std::string_view text) const {
  if (size_ == 0 || text.size() < kLeast) return nullptr;
  for (std::size_t i = 0; i + sizeof(std::uint64_t) <= text.size(); i += kStride) {
    const std::uint64_t eight = eight_at(text.data() + i);
    const std::uint32_t bit = bit_of(eight);
    if ((bits_[bit / 64] >> (bit % 64) & 1) == 0) continue;
    const auto row = places_.find(eight);
    if (row == places_.end()) continue;
    for (const auto& [value, shift] : row->second) {
      if (shift <= i && text.substr(i - shift).starts_with(*value)) return value;
    }
  }
  return nullptr;
}

}  // namespace slipway::database::copy

#include "database/copy/leak_scan.h"

#include <algorithm>
#include <cstring>

namespace slipway::database::copy {

std::uint64_t NeedleSet::first_eight(const char* at) {
  std::uint64_t out = 0;
  std::memcpy(&out, at, sizeof out);
  return out;
}

std::uint32_t NeedleSet::bit_of(std::uint64_t eight) {
  return static_cast<std::uint32_t>(eight * 0x9e3779b97f4a7c15 >> (64 - kBits));
}

void NeedleSet::add(std::string_view value) {
  if (value.size() < kLeast) return;
  const std::uint64_t eight = first_eight(value.data());
  auto& row = values_[eight];
  if (std::find(row.begin(), row.end(), value) != row.end()) return;
  row.emplace_back(value);
  const std::uint32_t bit = bit_of(eight);
  bits_[bit / 64] |= std::uint64_t{1} << (bit % 64);
  ++size_;
}

const std::string* NeedleSet::found_in(std::string_view text) const {
  if (size_ == 0 || text.size() < kLeast) return nullptr;
  for (std::size_t i = 0; i + kLeast <= text.size(); ++i) {
    const std::uint64_t eight = first_eight(text.data() + i);
    const std::uint32_t bit = bit_of(eight);
    if ((bits_[bit / 64] >> (bit % 64) & 1) == 0) continue;
    const auto row = values_.find(eight);
    if (row == values_.end()) continue;
    for (const std::string& value : row->second) {
      if (text.substr(i).starts_with(value)) return &value;
    }
  }
  return nullptr;
}

}  // namespace slipway::database::copy

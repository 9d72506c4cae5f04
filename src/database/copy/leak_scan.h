#pragma once
// NeedleSet: real values that must not be found anywhere in a copy, and the search for all of them
// at once. A text is walked once: the eight bytes at every fourth place are looked up in a small
// map of bits, and only what is there is compared.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace slipway::database::copy {

class NeedleSet {
 public:
  static constexpr std::size_t kStride = 4;
  static constexpr std::size_t kLeast = 8 + kStride - 1;  // bytes; shorter ones are met by chance

  NeedleSet() = default;
  NeedleSet(NeedleSet&&) = default;  // places_ points into values_: moved, never copied
  NeedleSet& operator=(NeedleSet&&) = default;

  // Values that are too short to mean anything are left out.
  void add(std::string_view value);
  bool is_in(std::string_view text) const { return found_in(text) != nullptr; }
  // The value that stands in the text; nullptr: none does.
  const std::string* found_in(std::string_view text) const;
  std::size_t size() const { return size_; }

 private:
  static std::uint64_t eight_at(const char* at);
  static std::uint32_t bit_of(std::uint64_t eight);

  static constexpr unsigned kBits = 18;
  std::vector<std::uint64_t> bits_ = std::vector<std::uint64_t>((1U << kBits) / 64);
  struct Place {
    const std::string* value;
    std::size_t shift;  // of the eight bytes in it
  };
  std::unordered_set<std::string> values_;
  std::unordered_map<std::uint64_t, std::vector<Place>> places_;
  std::size_t size_ = 0;
};

}  // namespace slipway::database::copy

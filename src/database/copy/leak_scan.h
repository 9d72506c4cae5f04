#pragma once
// NeedleSet: real values that must not be found anywhere in a copy, and the search for all of them
// at once. A text is walked once: eight bytes at a time are looked up in a small map of bits, and
// only what is there is compared.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace slipway::database::copy {

class NeedleSet {
 public:
  static constexpr std::size_t kLeast = 8;  // bytes; shorter ones are found by chance

  // Values that are too short to mean anything are left out.
  void add(std::string_view value);
  bool is_in(std::string_view text) const { return found_in(text) != nullptr; }
  // The value that stands in the text; nullptr: none does.
  const std::string* found_in(std::string_view text) const;
  std::size_t size() const { return size_; }

 private:
  static std::uint64_t first_eight(const char* at);
  static std::uint32_t bit_of(std::uint64_t eight);

  static constexpr unsigned kBits = 17;
  std::vector<std::uint64_t> bits_ = std::vector<std::uint64_t>((1U << kBits) / 64);
  std::unordered_map<std::uint64_t, std::vector<std::string>> values_;  // by their first bytes
  std::size_t size_ = 0;
};

}  // namespace slipway::database::copy

#include <algorithm>

#include "tests/fuzz/engine.h"

namespace slipway::fuzz {
namespace {

constexpr std::size_t kMostBytes = 4096;

std::string some_word(const std::vector<std::string>& dictionary, Dice& dice) {
  static constexpr std::string_view kBytes =
      std::string_view("\0\t\n\v\r \",:;=/\\0179afAFxX\x7f\x80\xff", 27);
  if (dictionary.empty() || dice.one_in(3))
    return std::string(1, kBytes[dice.below(kBytes.size())]);
  return dictionary[dice.below(dictionary.size())];
}

void change_once(std::string& input, std::string_view other,
                 const std::vector<std::string>& dictionary, Dice& dice) {
  const std::size_t at = dice.below(input.size() + 1);
  const std::size_t size = std::min(input.size() - at, 1 + dice.below(dice.one_in(4) ? 64 : 8));
  switch (dice.below(9)) {
    case 0:
      if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << dice.below(8)));
      return;
    case 1:
      if (at < input.size()) input[at] = static_cast<char>(dice.roll());
      return;
    case 2:
      input.erase(at, size);
      return;
    case 3:
      input.insert(at, input.substr(at, size));
      return;
    case 4:
    case 5:
      input.insert(at, some_word(dictionary, dice));
      return;
    case 6:
      input.replace(at, size, some_word(dictionary, dice));
      return;
    case 7:
      if (at < input.size() && input[at] >= '0' && input[at] <= '9')
        input[at] = static_cast<char>('0' + dice.below(10));
      return;
    default:
      const std::size_t from = dice.below(other.size() + 1);
      input.insert(at, other.substr(from, 1 + dice.below(128)));
      return;
  }
}

}  // namespace

std::uint64_t Dice::roll() {
  std::uint64_t x = a_;
  const std::uint64_t y = b_;
  a_ = y;
  x ^= x << 23;
  b_ = x ^ y ^ (x >> 17) ^ (y >> 26);
  return b_ + y;
}

std::string mutated(std::string input, std::string_view other,
                    const std::vector<std::string>& dictionary, Dice& dice) {
  const std::size_t changes = std::size_t{1} << dice.below(4);
  for (std::size_t i = 0; i < changes; ++i) change_once(input, other, dictionary, dice);
  if (input.size() > kMostBytes) input.resize(kMostBytes);
  return input;
}

}  // namespace slipway::fuzz

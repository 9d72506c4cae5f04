#include "database/copy/permutation.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/assert.h"

namespace slipway::database::copy {
namespace {
// From here on four rounds are enough: nobody sees enough pairs of 2^96 strings to tell the
// difference from a random permutation.
constexpr double kManyBits = 96;
constexpr unsigned kFewRounds = 4;
constexpr unsigned kMostRounds = 8;
// 64 bits hold this many of a number modulo the radix: what is left keeps every symbol as likely
// as the others to one in 2^24.
constexpr double kBitsOfNumber = 40;

__extension__ using Wide = unsigned __int128;

std::string_view bytes_of(std::span<const std::uint8_t> symbols) {
  return {reinterpret_cast<const char*>(symbols.data()), symbols.size()};
}
}  // namespace

Permutation::Permutation(const Key128& key, unsigned radix) : radix_(radix), bits_(0) {
  ASSERT(radix >= 2 && radix <= 256);
  const double bits = std::log2(radix);
  if (std::has_single_bit(radix)) bits_ = static_cast<unsigned>(std::countr_zero(radix));
  per_word_ = bits_ > 0 ? 64 / bits_ : static_cast<std::size_t>(kBitsOfNumber / bits);
  many_ = static_cast<std::size_t>(std::ceil(kManyBits / bits));
  for (unsigned i = 0; i < 2 * kMostRounds; ++i) {
    // What makes a round's hash another than that of any other round, radix and kind of length;
    // the length itself is in every hash.
    const std::uint64_t place = i / 2 | std::uint64_t{radix} << 8 | std::uint64_t{i % 2} << 17;
    hashes_.emplace_back(key, place);
  }
}

void Permutation::turn(std::span<std::uint8_t> symbols, Way way) const {
  if (symbols.empty()) return;
  // The first half is empty when there is one symbol: it is only shifted then.
  const auto first = symbols.first(symbols.size() / 2);
  const auto second = symbols.subspan(symbols.size() / 2);
  const unsigned rounds = symbols.size() >= many_ ? kFewRounds : kMostRounds;
  for (unsigned i = 0; i < rounds; ++i) {
    const unsigned number = way == Way::Forward ? i : rounds - 1 - i;
    const WordHash& hash = hashes_[2 * number + symbols.size() % 2];
    if (number % 2 == 0)
      round(hash, first, second, way);
    else
      round(hash, second, first, way);
  }
}

void Permutation::round(const WordHash& hash, std::span<const std::uint8_t> from,
                        std::span<std::uint8_t> to, Way way) const {
  if (to.size() <= per_word_) return add(hash.low(bytes_of(from)), to, way);
  const Hash128 seed = hash.both(bytes_of(from));
  if (to.size() <= 2 * per_word_) {
    add(seed.low, to.first(per_word_), way);
    return add(seed.high, to.subspan(per_word_), way);
  }
  for (std::uint64_t block = 0; !to.empty(); ++block) {
    const Hash128 words = WordHash({seed.low, seed.high}, block).both({});
    for (const std::uint64_t word : {words.low, words.high}) {
      const auto piece = to.first(std::min(to.size(), per_word_));
      add(word, piece, way);
      to = to.subspan(piece.size());
    }
  }
}

void Permutation::add(std::uint64_t word, std::span<std::uint8_t> to, Way way) const {
  if (bits_ > 0) {
    for (std::uint8_t& symbol : to) {
      symbol ^= static_cast<std::uint8_t>(word & (radix_ - 1));
      word >>= bits_;
    }
    return;
  }
  for (std::uint8_t& symbol : to) {
    // The word as a fraction of 1, times the radix: a number below it, and what is behind the
    // point.
    const Wide product = static_cast<Wide>(word) * radix_;
    const auto step = static_cast<unsigned>(product >> 64);
    word = static_cast<std::uint64_t>(product);
    const unsigned moved = symbol + (way == Way::Forward ? step : radix_ - step);
    symbol = static_cast<std::uint8_t>(moved >= radix_ ? moved - radix_ : moved);
  }
}

}  // namespace slipway::database::copy

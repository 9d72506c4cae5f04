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

std::string_view bytes_of(std::span<const std::uint8_t> symbols) {
  return {reinterpret_cast<const char*>(symbols.data()), symbols.size()};
}
}  // namespace

Permutation::Permutation(const Key128& key, unsigned radix)
    : key_(key), radix_(radix), per_hash_(std::has_single_bit(radix) ? 16 : 8) {
  ASSERT(radix >= 2 && radix <= 256);
  bits_ = std::log2(radix);
}

unsigned Permutation::rounds_for(std::size_t length) const {
  return static_cast<double>(length) * bits_ >= kManyBits ? 4 : 8;
}

void Permutation::turn(std::span<std::uint8_t> symbols, Way way) const {
  if (symbols.empty()) return;
  // The first half is empty when there is one symbol: it is only shifted then.
  const auto first = symbols.first(symbols.size() / 2);
  const auto second = symbols.subspan(symbols.size() / 2);
  const unsigned rounds = rounds_for(symbols.size());
  for (unsigned i = 0; i < rounds; ++i) {
    const unsigned number = way == Way::Forward ? i : rounds - 1 - i;
    if (number % 2 == 0)
      round(number, first, second, way);
    else
      round(number, second, first, way);
  }
}

void Permutation::round(unsigned number, std::span<const std::uint8_t> from,
                        std::span<std::uint8_t> to, Way way) const {
  // What makes this hash another than that of any other round, radix and length.
  const std::uint64_t place = number | std::uint64_t{radix_} << 8 |
                              std::uint64_t{from.size()} << 20 | std::uint64_t{to.size() & 1} << 17;
  const Hash128 hash = siphash128(key_, place, bytes_of(from));
  if (to.size() <= per_hash_) return add(hash, to, way);
  const Key128 stream{hash.low, hash.high};
  for (std::uint64_t block = 0; !to.empty(); ++block) {
    const auto piece = to.first(std::min<std::size_t>(to.size(), per_hash_));
    add(siphash128(stream, block, {}), piece, way);
    to = to.subspan(piece.size());
  }
}

void Permutation::add(const Hash128& stream, std::span<std::uint8_t> to, Way way) const {
  const unsigned width = 128 / per_hash_;
  const unsigned mask = (1U << width) - 1;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::size_t bit = i * width;
    const std::uint64_t word = bit < 64 ? stream.low : stream.high;
    // The share of the radix that the lane is of its range; for a power of two its top bits.
    const unsigned step = ((static_cast<unsigned>(word >> (bit % 64)) & mask) * radix_) >> width;
    const unsigned moved = to[i] + (way == Way::Forward ? step : radix_ - step);
    to[i] = static_cast<std::uint8_t>(moved >= radix_ ? moved - radix_ : moved);
  }
}

}  // namespace slipway::database::copy

#pragma once
// Permutation: a keyed bijection of the strings of n symbols onto themselves, for every n. Two
// different strings never become the same one: that is why pseudonyms made with it are unique, and
// backward(), which finds the original again, is the proof that tests run.
//
// A Feistel network (Luby and Rackoff, 1988) whose rounds add SipHash-2-4-128 of one half to the
// other, symbol by symbol modulo the radix (by exclusive or where that is a power of two), as FF1
// and FF3-1 of NIST SP 800-38G do: four rounds where the strings are many, eight (as FF3-1) where
// they are few.
#include <cstdint>
#include <span>
#include <vector>

#include "database/copy/siphash.h"

namespace slipway::database::copy {

class Permutation {
 public:
  // Symbols are 0 … radix - 1; radix 2 to 256.
  Permutation(const Key128& key, unsigned radix);
  void forward(std::span<std::uint8_t> symbols) const { turn(symbols, Way::Forward); }
  void backward(std::span<std::uint8_t> symbols) const { turn(symbols, Way::Backward); }

 private:
  enum class Way { Forward, Backward };
  void turn(std::span<std::uint8_t> symbols, Way way) const;
  void round(const WordHash& hash, std::span<const std::uint8_t> from, std::span<std::uint8_t> to,
             Way way) const;
  void add(std::uint64_t word, std::span<std::uint8_t> to, Way way) const;

  unsigned radix_;
  unsigned bits_;                 // of a symbol, when the radix is a power of two; else 0
  std::size_t per_word_;          // how many symbols 64 bits are good for
  std::size_t many_;              // strings from this length on are many
  std::vector<WordHash> hashes_;  // of each round, for even and odd lengths
};

}  // namespace slipway::database::copy

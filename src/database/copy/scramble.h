#pragma once
// Scramble: a text of the same length and of the same kind of characters. Letters and digits are
// permuted as one string; everything else stays where it is, so a UUID stays one and "sk_live_…"
// keeps its underscores. A bijection of the ASCII texts without anything between them: what has
// only digits, only hexadecimal digits, only lower-case letters … still has only those, and two
// different texts stay different.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "database/copy/permutation.h"

namespace slipway::database::copy {

class Scramble {
 public:
  explicit Scramble(const Key128& key);
  ~Scramble();
  Scramble(Scramble&&) noexcept;
  Scramble& operator=(Scramble&&) noexcept;

  // Whether apply() changes all that could tell the text: only ASCII, and a letter or digit.
  static bool covers(std::string_view text);
  // Appends the scrambled text. `symbols` is room to work in, kept between calls.
  void apply(std::string_view text, std::vector<std::uint8_t>& symbols, std::string& out) const;
  // The text that apply() made `text` from.
  void undo(std::string_view text, std::vector<std::uint8_t>& symbols, std::string& out) const;
  // The same for bytes in pairs of hexadecimal digits, whatever digits they are.
  void permute_nibbles(std::span<std::uint8_t> nibbles) const;

 private:
  struct Alphabet;
  enum class Way { Forward, Backward };
  void turn(std::string_view text, std::vector<std::uint8_t>& symbols, std::string& out,
            Way way) const;
  std::size_t first_alphabet_of(std::string_view text) const;
  // Whether no alphabet before their own has all of these symbols.
  bool needs(std::size_t own, std::span<const std::uint8_t> symbols) const;
  std::vector<Alphabet> alphabets_;
};

}  // namespace slipway::database::copy

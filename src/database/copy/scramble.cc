#include "database/copy/scramble.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/assert.h"

namespace slipway::database::copy {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
// A walk goes on until its text needs the alphabet again that it began with. The least likely
// alphabet takes 2 steps in the mean (a single letter beyond f among 36); this many never happen.
constexpr int kMostSteps = 100'000;

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

struct Scramble::Alphabet {
  std::string letters;
  Permutation permutation;
  std::vector<std::uint32_t> alphabets_of;  // of each letter
};

namespace {
// For each letter or digit the alphabets that have it, a bit each, in the order of the table below.
struct Spelling {
  std::string_view name;
  std::array<std::string_view, 3> parts;
};
constexpr std::string_view kHexLower = "abcdef";
constexpr std::string_view kHexUpper = "ABCDEF";
// The first alphabet that has every character of a text is the text's own.
constexpr Spelling kSpellings[] = {
    {"digits", {kDigits, "", ""}},
    {"hex", {kDigits, kHexLower, ""}},
    {"HEX", {kDigits, kHexUpper, ""}},
    {"lower", {kLower, "", ""}},
    {"upper", {kUpper, "", ""}},
    {"lower and digits", {kDigits, kLower, ""}},
    {"upper and digits", {kDigits, kUpper, ""}},
    {"all", {kDigits, kLower, kUpper}},
};

std::string letters_of(const Spelling& spelling) {
  std::string out;
  for (const auto part : spelling.parts) out += part;
  return out;
}

constexpr std::uint32_t kAll = (1U << std::size(kSpellings)) - 1;

std::size_t first_of(std::uint32_t having) {
  return static_cast<std::size_t>(std::countr_zero(having));
}

struct Membership {
  std::array<std::uint32_t, 256> alphabets{};
  std::array<std::array<std::uint8_t, 256>, std::size(kSpellings)> index{};
  Membership() {
    for (std::size_t i = 0; i < std::size(kSpellings); ++i) {
      const std::string letters = letters_of(kSpellings[i]);
      for (std::size_t k = 0; k < letters.size(); ++k) {
        alphabets[static_cast<std::uint8_t>(letters[k])] |= 1U << i;
        index[i][static_cast<std::uint8_t>(letters[k])] = static_cast<std::uint8_t>(k);
      }
    }
  }
};

const Membership& membership() {
  static const Membership table;
  return table;
}
}  // namespace

Scramble::Scramble(const Key128& key) {
  for (const Spelling& spelling : kSpellings) {
    const std::string letters = letters_of(spelling);
    const auto radix = static_cast<unsigned>(letters.size());
    Alphabet alphabet{letters, Permutation(derived_key(key, spelling.name), radix), {}};
    for (const char c : letters)
      alphabet.alphabets_of.push_back(membership().alphabets[static_cast<std::uint8_t>(c)]);
    alphabets_.push_back(std::move(alphabet));
  }
}
Scramble::~Scramble() = default;
Scramble::Scramble(Scramble&&) noexcept = default;
Scramble& Scramble::operator=(Scramble&&) noexcept = default;

bool Scramble::covers(std::string_view text) {
  bool any = false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
    any = any || is_letter_or_digit(c);
  }
  return any;
}

std::size_t Scramble::first_alphabet_of(std::string_view text) const {
  std::uint32_t having = kAll;
  for (const char c : text) {
    if (is_letter_or_digit(c)) having &= membership().alphabets[static_cast<std::uint8_t>(c)];
  }
  return first_of(having);
}

void Scramble::turn(std::string_view text, std::vector<std::uint8_t>& symbols, std::string& out,
                    Way way) const {
  const std::size_t own = first_alphabet_of(text);
  const Alphabet& alphabet = alphabets_[own];
  const auto& index = membership().index[own];
  symbols.clear();
  for (const char c : text) {
    if (is_letter_or_digit(c)) symbols.push_back(index[static_cast<std::uint8_t>(c)]);
  }
  for (int step = 0;; ++step) {
    ASSERT(step < kMostSteps);
    if (way == Way::Forward)
      alphabet.permutation.forward(symbols);
    else
      alphabet.permutation.backward(symbols);
    std::uint32_t having = kAll;
    for (const std::uint8_t symbol : symbols) having &= alphabet.alphabets_of[symbol];
    if (first_of(having) == own) break;
  }
  std::size_t at = out.size();
  out += text;
  std::size_t next = 0;
  for (const char c : text) {
    if (is_letter_or_digit(c)) out[at] = alphabet.letters[symbols[next++]];
    ++at;
  }
}

void Scramble::apply(std::string_view text, std::vector<std::uint8_t>& symbols,
                     std::string& out) const {
  turn(text, symbols, out, Way::Forward);
}

void Scramble::undo(std::string_view text, std::vector<std::uint8_t>& symbols,
                    std::string& out) const {
  turn(text, symbols, out, Way::Backward);
}

void Scramble::permute_nibbles(std::span<std::uint8_t> nibbles) const {
  constexpr std::size_t kHex = 1;
  alphabets_[kHex].permutation.forward(nibbles);
}

}  // namespace slipway::database::copy

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
  std::array<std::uint32_t, 256> alphabets{};  // 0: neither letter nor digit
  std::array<std::array<std::uint8_t, 256>, std::size(kSpellings)> index{};
  constexpr Membership() {
    for (std::size_t i = 0; i < std::size(kSpellings); ++i) {
      std::uint8_t next = 0;
      for (const auto part : kSpellings[i].parts) {
        for (const char c : part) {
          alphabets[static_cast<std::uint8_t>(c)] |= 1U << i;
          index[i][static_cast<std::uint8_t>(c)] = next++;
        }
      }
    }
  }
  constexpr std::uint32_t of(char c) const { return alphabets[static_cast<std::uint8_t>(c)]; }
};
constexpr Membership kMembership;
}  // namespace

Scramble::Scramble(const Key128& key) {
  for (const Spelling& spelling : kSpellings) {
    const std::string letters = letters_of(spelling);
    const auto radix = static_cast<unsigned>(letters.size());
    Alphabet alphabet{letters, Permutation(derived_key(key, spelling.name), radix), {}};
    for (const char c : letters) alphabet.alphabets_of.push_back(kMembership.of(c));
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
    any = any || kMembership.of(c) != 0;
  }
  return any;
}

std::size_t Scramble::first_alphabet_of(std::string_view text) const {
  std::uint32_t having = kAll;
  for (const char c : text) {
    const std::uint32_t its = kMembership.of(c);
    if (its != 0) having &= its;
  }
  return first_of(having);
}

bool Scramble::needs(std::size_t own, std::span<const std::uint8_t> symbols) const {
  // All of them are in this alphabet: it is the first as soon as each one before it lacks one.
  const std::uint32_t before = (1U << own) - 1;
  std::uint32_t having = before;
  for (std::size_t i = 0; having != 0 && i < symbols.size(); ++i)
    having &= alphabets_[own].alphabets_of[symbols[i]];
  return having == 0;
}

void Scramble::turn(std::string_view text, std::vector<std::uint8_t>& symbols, std::string& out,
                    Way way) const {
  const std::size_t own = first_alphabet_of(text);
  const Alphabet& alphabet = alphabets_[own];
  const auto& index = kMembership.index[own];
  if (symbols.size() < text.size()) symbols.resize(text.size());
  std::size_t count = 0;
  for (const char c : text) {
    symbols[count] = index[static_cast<std::uint8_t>(c)];
    count += kMembership.of(c) != 0 ? 1 : 0;
  }
  const std::span word(symbols.data(), count);
  for (int step = 0;; ++step) {
    ASSERT(step < kMostSteps);
    if (way == Way::Forward)
      alphabet.permutation.forward(word);
    else
      alphabet.permutation.backward(word);
    if (needs(own, word)) break;
  }
  out += text;
  char* at = out.data() + out.size() - text.size();
  for (std::size_t i = 0, next = 0; i < text.size(); ++i) {
    if (kMembership.of(text[i]) != 0) at[i] = alphabet.letters[symbols[next++]];
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

#pragma once
// A small mutation fuzzer: it changes inputs that are known to be interesting, keeps those that
// reach code no input reached before (g++'s -fsanitize-coverage=trace-pc tells), and stops at the
// first property that does not hold. The same SEED and time give the same inputs in the same order.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::fuzz {

// What a target has to bring: its name, the words its inputs are made of, and the property. A
// target reports a property that does not hold with fail(); crashes and the sanitizers' findings
// need no report.
extern const char* const kTarget;
std::vector<std::string> words();
void try_input(std::string_view input);

// Ends the program; the input and the way to replay it are written first.
[[noreturn]] void fail(const std::string& what);
inline void expect(bool holds, const char* what) {
  if (!holds) fail(what);
}

// xorshift128+: repeatable on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : a_(seed * 0x9e3779b97f4a7c15 + 1), b_(~seed) {
    for (int i = 0; i < 8; ++i) roll();
  }
  std::uint64_t roll();
  std::size_t below(std::size_t most) { return most == 0 ? 0 : roll() % most; }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::uint64_t a_;
  std::uint64_t b_;
};

// `input` with one to some small changes; `other` is what may be spliced in.
std::string mutated(std::string input, std::string_view other,
                    const std::vector<std::string>& dictionary, Dice& dice);

// Which code the last input reached (coverage.cc).
void forget_coverage();
// Adds what the last input reached to what is known; how many places were new.
std::size_t learn_coverage();
std::size_t known_coverage();

}  // namespace slipway::fuzz

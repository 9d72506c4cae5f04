#pragma once
// Chance with a seed: the same numbers on every machine, whatever the threads do.
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace bench {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) {
    for (auto& word : state_) word = mix(seed);
  }
  std::uint64_t next() {  // xoshiro256+
    const std::uint64_t out = state_[0] + state_[3];
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = (state_[3] << 45) | (state_[3] >> 19);
    return out;
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // 0 <= x < 1
  bool happens(double probability) { return uniform() < probability; }
  double normal() {  // Box and Muller, one of the two
    const double radius = std::sqrt(-2 * std::log1p(-uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }

 private:
  static std::uint64_t mix(std::uint64_t& seed) {  // splitmix64
    std::uint64_t z = (seed += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::array<std::uint64_t, 4> state_{};
};

// How many arrive when so many are expected: a table, so that a draw is one look and a step or two.
class Poisson {
 public:
  explicit Poisson(double mean);
  std::uint64_t draw(Chance& chance) const {
    const double u = chance.uniform();
    std::size_t at = guide_[static_cast<std::size_t>(u * kGuide)];
    while (cumulated_[at] <= u) ++at;
    return first_ + at;
  }

 private:
  static constexpr std::size_t kGuide = 1024;
  std::uint64_t first_ = 0;
  std::vector<double> cumulated_;  // ends in a number above 1
  std::vector<std::uint32_t> guide_;
};

}  // namespace bench

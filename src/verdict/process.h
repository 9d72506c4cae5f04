#pragma once
// Process: how strongly the bits seen so far speak against one null hypothesis, in logs. A mixture
// of likelihood ratios, so a non-negative supermartingale while the null holds: by Ville's
// inequality the chance that it EVER passes T is at most 1/T, however often one looks.
// Sources: Lindon & Malek, "Anytime-valid inference for multinomial count data" (NeurIPS 2022);
// Turner, Ly, Grünwald, "Generic e-variables for exact sequential k-sample tests" (2021);
// Shin, Ramdas, Rinaldo, "E-detectors" (2022) for the restarts.
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace slipway::verdict {

// Requests of one look by side and outcome. Latency and orders become such bits too.
struct Bits {
  double canary_bad = 0;
  double canary_ok = 0;
  double baseline_bad = 0;
  double baseline_ok = 0;

  double canary() const { return canary_bad + canary_ok; }
  double baseline() const { return baseline_bad + baseline_ok; }
  Bits& operator+=(const Bits& more);
  Bits& operator-=(const Bits& less);
};

// The chance with which a request was given to the canary lies between these two. One number when
// the split is steady and exact; wider while requests routed at another weight still finish.
struct Weight {
  double low = 0;
  double high = 0;
  friend bool operator==(const Weight&, const Weight&) = default;
};

// The logs of what each kind of bit multiplies a component by.
struct Factors {
  double canary_bad = 0;
  double canary_ok = 0;
  double baseline_bad = 0;
  double baseline_ok = 0;
};

// Shares of bad requests that are tried against the null.
struct Pair {
  double canary;
  double baseline;
};

// H0: the canary's share of bad requests is at most `limit`. Counts the canary alone.
std::vector<Factors> absolute_factors(double limit);
// H0: at most `times` the baseline's share. Counts bad requests alone: who owns the next one?
std::vector<Factors> own_factors(double times, Weight weight);
// H0: at most the baseline's share. Counts all requests: its growth is the best one can have.
std::vector<Factors> blame_factors(const std::vector<Pair>& pairs, Weight weight);
std::vector<Pair> error_pairs();
std::vector<Pair> quantile_pairs(double quantile);  // a share of 1 - quantile, and worse odds
// The mirror images, for passing. H0: at least `limit`; at least `times` the baseline's share.
std::vector<Factors> below_factors(double limit);
std::vector<double> below_weights();  // what each component of below_factors starts with
std::vector<Factors> own_less_factors(double times, Weight weight);

inline constexpr double kLogMost = 690;         // e^690 is still a double
inline constexpr double kLeastLimit = 1e-4;     // a limit of 0 % would make every ratio infinite
inline constexpr std::size_t kComponents = 10;  // at most, in one process

class Process {
 public:
  // growth_cap: how much a component may grow in one block, in logs, in the guarded value. most:
  // what no component rises above, so that evidence of what is long past falls with the next
  // requests; the lesser of a supermartingale and a constant is one still.
  explicit Process(double growth_cap = kLogMost, double most = kLogMost)
      : growth_cap_(growth_cap), most_(most) {}

  void set_factors(const std::vector<Factors>& factors);
  // What each component starts with; without weights an equal share of `stake`.
  void start(double stake, const std::vector<double>& weights = {});
  // A new block: every component gets its share of a fresh `stake`, so that a late fault is found.
  void begin_block(double stake);
  void add(const Bits& bits);
  void forget_unguarded();         // the plain value becomes the guarded one
  void lower_to(double log_most);  // where the value is above it, it is forgotten

  // Cheap: no value can be above it.
  double log_plain_at_most() const;
  double log_plain() const;
  double log_guarded() const;

 private:
  double guarded(std::size_t k) const;

  double growth_cap_;
  double most_;
  std::size_t count_ = 0;
  std::array<Factors, kComponents> factors_{};
  std::array<double, kComponents> plain_{};   // logs
  std::array<double, kComponents> base_{};    // guarded, at the block's start
  std::array<double, kComponents> growth_{};  // of this block
};

// log(e^a + e^b) and log of the mean of e^x, without leaving the logs.
double log_add(double a, double b);
double log_mean(const std::vector<double>& logs);

}  // namespace slipway::verdict

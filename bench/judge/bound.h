#pragma once
// How few canary requests any test of the configured rules can do with: log(1/alpha) divided by
// what a request adds at most (the Kullback-Leibler divergence from the nearest null).
namespace bench {

// Growth per canary request at these true shares of bad requests, for "error rate > 5 %, blamed" or
// "more than 2x the old release's and more than 1 %", whichever is shown sooner.
double rule_growth(double canary, double baseline, double weight);

}  // namespace bench

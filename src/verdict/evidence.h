#pragma once
// How strongly counts speak against "the share is at most p0".
namespace slipway::verdict {

// log of an e-value: a mixture of likelihood ratios of shares above p0 against p0. It is a
// non-negative supermartingale for every true share <= p0, so by Ville's inequality the chance that
// it EVER passes log(1/alpha) is at most alpha, however often one looks. events and trials may be
// fractions. Source: Howard, Ramdas, McAuliffe, Sekhon: Time-uniform Chernoff bounds (2020),
// section 2.
double log_evidence_above(double p0, double events, double trials);

// False alarms per window and rule: 1 in 1000.
inline constexpr double kLogProof = 6.907755278982137;  // ln 1000

// The smallest share above p0 that `trials` would be expected to prove; 1 when none would.
double smallest_provable(double p0, double trials);

}  // namespace slipway::verdict

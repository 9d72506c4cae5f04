#pragma once
// Trigger: one rule in one stratum. Turns a look into bits, feeds its processes, and says what they
// add up to. Room-internal; the Judge puts triggers together.
#include <array>
#include <vector>

#include "verdict/judge.h"
#include "verdict/process.h"
#include "verdict/reference.h"

namespace slipway::verdict {

// What all triggers of a judge share.
struct Terms {
  double log_threshold = 0;  // log(m / false_alarm)
  double growth_cap = kLogMost;
  double log_proof = 0;  // log(1 / missed)
  double least = 0;
};

// One look as a trigger sees it.
struct Glance {
  const Lot& lot;
  Weight weight;
  bool judges_latency = true;  // false while warming up
  bool baseline = true;        // there is an old release to compare with
  const Reference* reference = nullptr;
  bool whole = true;  // everything; false: a route

  bool alone() const { return weight.high >= 1 || !baseline; }
};

// Bits of one kind and the processes on them. `limit`: the canary breaks the limit; `blame`: it is
// worse than the old release; `near`: as `limit`, of the time in which there was something to blame
// it for; `alone`: as `limit`, once nothing is routed to the old release any more; `proof`,
// `proof_own`: it keeps the limit, or is as good as the old release.
struct Stream {
  double quantile = 0;
  std::size_t reference = 0;
  Process limit;
  Process near;
  Process blame;
  Process alone;
  Process proof;
  Process proof_own;
};

class Trigger {
 public:
  // counter: the index of the rule's Tally; references: of its quantiles in the Reference.
  Trigger(const Rule& rule, const Terms& terms, std::size_t counter,
          const std::vector<std::size_t>& references);

  static std::vector<double> quantiles_of(const Rule& rule);

  void begin();
  void begin_block(double stake);
  void begin_step();
  void look(const Glance& glance);

  bool crosses_plain() const;
  bool crosses_guarded() const;
  // The canary breaks its limit, whoever's doing that is.
  bool breaks_limit() const;
  bool baseline_breaks_limit() const;
  bool proven(bool baseline) const;
  // The crossing was one burst: nothing bad has come for a while.
  bool is_quiet() const;
  void forget_unguarded();

  double log_proof() const { return log_of(&Stream::proof, &Process::log_plain); }
  Numbers numbers(Answer answer) const;
  // As of the last block, two blocks, minute or all of it, whichever shows most.
  Numbers numbers_lately() const;
  const Rule& rule() const { return rule_; }
  double limit_share() const { return limit_share_; }

 private:
  static constexpr std::size_t kBlocks = 12;  // a minute of blocks of 5 s
  bool is_latency() const {
    return rule_.kind == Rule::Kind::LatencyQuantile || rule_.kind == Rule::Kind::Latency;
  }
  bool blames_only() const { return is_latency() && rule_.relative; }
  double share_allowed(double quantile) const;
  void reweigh(Weight weight);
  void go_alone();
  bool bits_of(const Glance& glance, const Stream& stream, Bits& bits) const;
  bool judges_latency(const Glance& glance) const;
  void remember(const Bits& bits);
  void keep_together(Stream& stream) const;
  using Value = double (Process::*)() const;
  double log_of(Process Stream::*process, Value value) const;
  bool crosses(Value value) const;
  Bits scope() const;
  bool keeps_limit() const;

  Rule rule_;
  Terms terms_;
  std::size_t counter_;
  double limit_share_;
  std::vector<Stream> streams_;
  Weight weight_{-1, -1};
  bool alone_ = false;
  bool was_alone_ = false;
  Bits total_;
  Bits minute_;
  Bits step_;
  std::array<Bits, kBlocks> recent_{};
  std::size_t block_ = 0;
  double quiet_requests_ = 0;  // of the canary since its last bad one
  std::size_t quiet_blocks_ = 0;
};

}  // namespace slipway::verdict

#pragma once
// Share: which weight the bits of a look may be compared by. The told weight is exact while the
// router draws every request at random; just after a change requests of the weight before still
// finish, and sticky clients may make the share of *requests* another one than was told. Then the
// weight becomes the interval that holds what was told and what was counted. A wider interval
// weakens the evidence of every bit, so it may depend on the very look that it is used for.
#include "base/clock.h"
#include "verdict/process.h"

namespace slipway::verdict {

class Share {
 public:
  explicit Share(Millis settle) : settle_(settle) {}
  void add(Millis at, double told, double canary, double baseline);
  Weight weight() const;

 private:
  Millis settle_;
  bool told_before_ = false;
  double told_ = 0;
  double previous_ = 0;
  Millis changed_{0};
  bool settling_ = false;
  double canary_ = 0;  // requests since the weight settled
  double all_ = 0;
};

}  // namespace slipway::verdict

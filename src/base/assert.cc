#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace slipway {
void assert_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "slipway: bug: %s does not hold at %s:%d\n", expression, file, line);
  std::abort();
}
}  // namespace slipway

// slipway dev: edge, daemon and the app in the foreground.
#include "app/verbs.h"

namespace slipway::app {
int run_dev(cli::Session& session) {
  return session.fail(Error(Code::Unsupported, "slipway dev is not there yet"));
}
}  // namespace slipway::app

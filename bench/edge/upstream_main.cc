// slipway_upstream: see README.md.
#include <sys/resource.h>

#include <csignal>

#include "edge/upstream.h"

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  slipway::bench::Upstream().run();
  return 0;
}

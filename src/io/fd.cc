#include "io/fd.h"

#include <unistd.h>

namespace slipway::io {
void Fd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}
}  // namespace slipway::io

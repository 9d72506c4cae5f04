#include "io/pidfd.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io/fd.h"

namespace slipway::io {
bool signal_while(int pid, int signal, const std::function<bool()>& still_meant) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return false;
  if (!still_meant()) return false;
  return ::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0;
}
}  // namespace slipway::io

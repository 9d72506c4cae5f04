#include "app/interrupts.h"

#include <signal.h>

#include <memory>

#include "io/signals.h"

namespace slipway::app {

std::function<bool()> notice_interrupts() {
  io::block_signals({SIGINT, SIGTERM, SIGHUP});
  return [has_come = std::make_shared<bool>(false)] {
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&wanted, signal);
    const timespec at_once{};
    if (::sigtimedwait(&wanted, nullptr, &at_once) > 0) *has_come = true;
    return *has_come;
  };
}

}  // namespace slipway::app

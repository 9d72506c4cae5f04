#include "base/crash_point.h"

#if defined(SLIPWAY_CRASH_POINTS)
namespace slipway {
namespace {
CrashHook current_hook = nullptr;
}  // namespace
void set_crash_hook(CrashHook hook) { current_hook = hook; }
void crash_point(std::string_view point) {
  if (current_hook != nullptr) current_hook(point);
}
}  // namespace slipway
#endif

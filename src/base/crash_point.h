#pragma once
// Named points at which a test may end or unwind the program: the simulator throws there, the crash
// test kills the real daemon there. Without a hook (and in builds without SLIPWAY_CRASH_POINTS)
// they cost nothing.
#include <string_view>

namespace slipway {

using CrashHook = void (*)(std::string_view point);

#if defined(SLIPWAY_CRASH_POINTS)
void set_crash_hook(CrashHook hook);  // nullptr: none; set before threads start
void crash_point(std::string_view point);
#else
inline void set_crash_hook(CrashHook) {}
inline void crash_point(std::string_view) {}
#endif

}  // namespace slipway

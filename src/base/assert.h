#pragma once
// ASSERT states what must hold in slipway's own code. It stays on in release builds: a crash is
// safe (the journal makes it so), going on with a broken state is not. Never for what the world
// does.
namespace slipway {
[[noreturn]] void assert_failed(const char* expression, const char* file, int line);
}  // namespace slipway

#define ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::slipway::assert_failed(#expression, __FILE__, __LINE__))

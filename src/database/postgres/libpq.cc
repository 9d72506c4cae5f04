#include "database/postgres/libpq.h"

#include <dlfcn.h>

namespace slipway::database::postgres {
namespace {

// libpq brings Kerberos and LDAP along: loaded with the program, they would cost every command
// milliseconds.
Libpq load() {
  Libpq out;
  void* from = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (from == nullptr) {
    const char* why = dlerror();
    out.trouble = why == nullptr ? "libpq.so.5 cannot be loaded" : why;
    return out;
  }
#define X(name)                                                              \
  out.name = reinterpret_cast<decltype(&PQ##name)>(dlsym(from, "PQ" #name)); \
  if (out.name == nullptr) out.trouble = "libpq has no PQ" #name;
  SLIPWAY_LIBPQ(X)
#undef X
  return out;
}

}  // namespace

const Libpq& libpq() {
  static const Libpq library = load();
  return library;
}

}  // namespace slipway::database::postgres

#include "io/environment.h"

#include <unistd.h>

#include <cstdlib>

#include "io/files.h"

namespace slipway::io {

std::optional<std::string> environment_value(const std::string& name) {
  const char* value = ::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    all.emplace_back(*entry);
  }
  return all;
}

std::string own_program() {
  constexpr const char* kSelf = "/proc/self/exe";
  const auto path = real_path(kSelf);
  return path && exists(*path) ? *path : kSelf;
}

}  // namespace slipway::io

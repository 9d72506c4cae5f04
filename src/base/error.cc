#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace slipway {
namespace {
constexpr CodeFacts kFacts[] = {
#define X(name, number, exit, retryable, sentence) {Code::name, #name, exit, retryable, sentence},
#include "base/error_codes.def"
#undef X
};

Code code_of_errno(int err) {
  switch (err) {
    case ENOSPC:
    case EDQUOT:
      return Code::DiskFull;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::NotWritable;
    case EADDRINUSE:
      return Code::AddressInUse;
    case ENOENT:
      return Code::NotFound;
    case EEXIST:
      return Code::AlreadyExists;
    case ETIMEDOUT:
    case EAGAIN:
      return Code::Timeout;
    case ECONNRESET:
    case EPIPE:
      return Code::ConnectionLost;
    default:
      return Code::IoFailed;
  }
}

// What helps whatever was tried, when the one who tried has nothing better to say.
const char* next_of(Code code) {
  if (code == Code::DiskFull) return "free space on that disk, then try again";
  if (code == Code::NotWritable) return "give this user the right to it, or choose another place";
  return "";
}
}  // namespace

const CodeFacts& facts_of(Code code) {
  for (const auto& f : kFacts) {
    if (f.code == code) return f;
  }
  return kFacts[0];
}

Code code_named(std::string_view name) {
  for (const auto& f : kFacts) {
    if (f.name == name) return f.code;
  }
  return Code::Internal;
}

Error Error::in(std::string_view context) const {
  return Error(code, std::string(context) + ": " + what, next);
}

std::string Error::sentence() const {
  if (next.empty()) return what;
  return what + "\n  next: " + next;
}

Error from_errno(int err, std::string_view tried, std::string next) {
  const Code code = code_of_errno(err);
  if (next.empty()) next = next_of(code);
  return Error(code, std::string(tried) + ": " + std::strerror(err), std::move(next));
}

}  // namespace slipway

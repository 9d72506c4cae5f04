#pragma once
// Error: what was tried, on what, what the world said, what to do next. Codes come from one table
// (error_codes.def) that also feeds exit codes and docs/errors.md.
#include <string>
#include <string_view>
#include <utility>

namespace slipway {

enum class Code {
#define X(name, number, exit, retryable, sentence) name = number,
#include "base/error_codes.def"
#undef X
};

struct CodeFacts {
  Code code;
  std::string_view name;      // "LeaseHeld"
  int exit_code;              // process exit status when this error ends a verb
  bool retryable;             // the same call may succeed later without anybody doing anything
  std::string_view sentence;  // for docs
};
const CodeFacts& facts_of(Code code);
// The code with this name; Internal when there is none (used when errors cross a socket).
Code code_named(std::string_view name);

struct [[nodiscard]] Error {
  Code code = Code::Internal;
  std::string what;  // "cannot bind 127.0.0.1:8080: Address already in use"
  std::string next;  // "stop the process that listens there, or set edge.listen"

  Error() = default;
  Error(Code c, std::string w, std::string n = {})
      : code(c), what(std::move(w)), next(std::move(n)) {}
  // The same error with what was being attempted in front: "while starting web: …".
  Error in(std::string_view context) const;
  // One line for people: "what. Next: next".
  std::string sentence() const;
};

// An Error from errno: maps ENOSPC, EACCES, EADDRINUSE, ENOENT … to their codes.
Error from_errno(int err, std::string_view tried, std::string next = {});

}  // namespace slipway

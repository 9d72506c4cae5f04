#pragma once
// Who may do what: roles, and the tokens that carry them on TCP. A token is shown once; the store
// keeps its SHA-256 only. Format: slw_<id>_<64 hex digits>, so that a leaked one is recognised by
// scanners.
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "ports/store.h"

namespace slipway::daemon {

// Each may what the ones before it may.
enum class Role { None, Viewer, Deployer, Approver, Admin };
std::string_view name_of(Role role);
std::optional<Role> role_named(std::string_view name);

struct Caller {
  Role role = Role::None;
  std::string name;           // of the token, or the login name of the peer
  bool name_is_sure = false;  // a token's: a request cannot say otherwise
};

class Tokens {
 public:
  Tokens(ports::Store& store, Clock& clock, Random& random)
      : store_(store), clock_(clock), random_(random) {}

  struct Made {
    std::string id;
    std::string token;  // the only time it is seen
  };
  Result<Made> make(const std::string& name, Role role, const std::string& by);
  Result<Json> list();  // without hashes
  Result<void> revoke(const std::string& id);
  // Unauthorized when the token is unknown, revoked or malformed: which of them is not told.
  Result<Caller> check(std::string_view token);

 private:
  std::string random_hex(int words);

  ports::Store& store_;
  Clock& clock_;
  Random& random_;
};

// The caller behind an Authorization header ("Bearer slw_…"); empty header: Unauthorized.
Result<Caller> caller_of(Tokens& tokens, std::string_view authorization);

}  // namespace slipway::daemon

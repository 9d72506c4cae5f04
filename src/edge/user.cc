// From root to an ordinary user, once the sockets are bound: what an attacker could make of a flaw
// in the data plane ends at that user's rights. A newer edge does not need more: it gets the
// sockets from the running one.
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>

#include "edge/process.h"
#include "io/child.h"
#include "io/files.h"

namespace slipway::edge {
namespace {

Error cannot(const std::string& what) {
  return from_errno(errno, what, "start as root, or without --user");
}

// An edge that ran as root here before has left files that only root may replace.
Result<void> give_away(const std::string& state, const io::UserIds& user) {
  std::vector<std::string> ours{state};
  for (const char* name : {"edge-table.json", "edge-table.json.prev", "logs"})
    ours.push_back(io::join_path(state, name));
  const std::string logs = io::join_path(state, "logs");
  if (io::is_dir(logs)) {
    for (const std::string& name : TRY(io::list_dir(logs))) {
      if (name.starts_with("access.log")) ours.push_back(io::join_path(logs, name));
    }
  }
  for (const std::string& path : ours) {
    // The link itself: what somebody made it point to is not ours to give.
    if (::lchown(path.c_str(), user.uid, user.gid) == 0 || errno == ENOENT) continue;
    return cannot("cannot give " + path + " to the user of the edge");
  }
  return ok();
}

}  // namespace

Result<void> EdgeProcess::become_user() {
  if (options_.user.empty()) return ok();
  const io::UserIds user = TRY(io::find_user(options_.user));
  if (::geteuid() == user.uid && ::getuid() == user.uid) return ok();
  TRY(give_away(options_.state, user));
  const bool left = ::setgroups(user.groups.size(), user.groups.data()) == 0 &&
                    ::setgid(user.gid) == 0 && ::setuid(user.uid) == 0;
  if (!left) return cannot("cannot become user " + options_.user);
  ASSERT(user.uid == 0 || ::setuid(0) != 0);  // there is no way back
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return cannot("cannot give up new privileges for good");
  return ok();
}

}  // namespace slipway::edge

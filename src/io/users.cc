// Users, programs in PATH, and signal names: what a ChildSpec names by text.
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/text.h"
#include "io/child.h"
#include "io/files.h"

namespace slipway::io {
namespace {
std::optional<int> number_of(const std::string& text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [at, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc() || at != end || number < 0) return std::nullopt;
  return number;
}

bool is_program(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

Error not_found(const std::string& command, const std::string& why) {
  return Error(Code::CommandNotFound, "cannot run " + command + ": " + why,
               "install it, correct the spelling, or give its whole path");
}
}  // namespace

Result<UserIds> find_user(const std::string& name_or_number) {
  const auto number = number_of(name_or_number);
  std::vector<char> space(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (number) {
    ::getpwuid_r(static_cast<uid_t>(*number), &entry, space.data(), space.size(), &found);
  } else {
    ::getpwnam_r(name_or_number.c_str(), &entry, space.data(), space.size(), &found);
  }
  if (found == nullptr && number) {
    const auto id = static_cast<uid_t>(*number);
    return UserIds{id, static_cast<gid_t>(*number), {static_cast<gid_t>(*number)}, "/"};
  }
  if (found == nullptr) {
    return Error(Code::NotFound, "there is no user " + name_or_number + " on this machine",
                 "create the user, or correct the name");
  }
  UserIds ids{found->pw_uid, found->pw_gid, std::vector<gid_t>(256), found->pw_dir};
  int count = static_cast<int>(ids.groups.size());
  if (::getgrouplist(found->pw_name, found->pw_gid, ids.groups.data(), &count) < 0) count = 256;
  ids.groups.resize(static_cast<std::size_t>(count));
  return ids;
}

Result<std::string> find_program(const std::string& command, const std::string& path,
                                 const std::string& dir) {
  if (command.find('/') != std::string::npos) {
    const std::string file = command.front() == '/' ? command : join_path(dir, command);
    if (!exists(file)) return not_found(command, file + " does not exist");
    if (!is_program(file)) return not_found(command, file + " is not an executable file");
    return file;
  }
  for (const auto part : split(path, ':')) {
    std::string folder(part);
    if (folder.empty() || folder.front() != '/') folder = join_path(dir, folder);
    const std::string file = join_path(folder, command);
    if (is_program(file)) return file;
  }
  return not_found(command, "no folder of PATH has it");
}

Result<int> signal_number(const std::string& name) {
  const std::string bare = name.compare(0, 3, "SIG") == 0 ? name.substr(3) : name;
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* abbreviation = ::sigabbrev_np(signal);
    if (abbreviation != nullptr && bare == abbreviation) return signal;
  }
  if (const auto number = number_of(bare); number && *number > 0 && *number < NSIG) return *number;
  return Error(Code::Usage, "there is no signal " + name, "write it as SIGTERM or SIGINT");
}

std::string signal_name(int signal) {
  const char* abbreviation = ::sigabbrev_np(signal);
  return abbreviation != nullptr ? std::string("SIG") + abbreviation : std::to_string(signal);
}

}  // namespace slipway::io

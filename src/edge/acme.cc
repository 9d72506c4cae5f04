#include "edge/acme.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "io/fd.h"

namespace slipway::edge {
namespace {

constexpr std::string_view kFolder = "/.well-known/acme-challenge/";
constexpr std::size_t kMostName = 128;
constexpr std::size_t kMostBytes = 4096;

// base64url (RFC 8555 section 8.3); nothing else could be a token, and none of it leaves the
// folder.
bool is_token(std::string_view name) {
  return !name.empty() && name.size() <= kMostName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

}  // namespace

bool find_challenge(const std::string& webroot, std::string_view path, std::string& content) {
  if (webroot.empty() || !path.starts_with(kFolder)) return false;
  const std::string_view token = path.substr(kFolder.size());
  if (!is_token(token)) return false;
  std::string file = webroot;
  file.append(path);
  const io::Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat facts {};
  if (!fd || ::fstat(fd.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return false;
  char bytes[kMostBytes];
  const ssize_t got = ::read(fd.get(), bytes, sizeof bytes);
  if (got <= 0) return false;
  content.assign(bytes, static_cast<std::size_t>(got));
  return true;
}

}  // namespace slipway::edge

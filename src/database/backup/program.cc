#include "database/backup/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/text.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::database::backup {
namespace {
constexpr int kLookMs = 100;
constexpr Millis kPatience(10'000);  // between being asked to end and being killed
constexpr std::size_t kMostOut = std::size_t{16} << 20;
constexpr std::size_t kMostErr = std::size_t{64} << 10;
constexpr std::size_t kSaidWords = 600;

struct Stream {
  io::Fd ours;
  io::Fd theirs;
  std::string bytes;
  std::size_t told = 0;  // up to here its lines were handed on
};

Result<Stream> make_stream() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return from_errno(errno, "cannot make a pipe");
  return Stream{io::Fd(ends[0]), io::Fd(ends[1]), {}, 0};
}

void tell_lines(Stream& stream, const Program& program) {
  if (!program.on_line) return;
  for (auto end = stream.bytes.find('\n', stream.told); end != std::string::npos;
       end = stream.bytes.find('\n', stream.told)) {
    program.on_line(std::string_view(stream.bytes).substr(stream.told, end - stream.told));
    stream.told = end + 1;
  }
}

void keep_last(Stream& stream, std::size_t most) {
  if (stream.bytes.size() <= 2 * most) return;
  const std::size_t gone = stream.bytes.size() - most;
  stream.bytes.erase(0, gone);
  stream.told -= std::min(stream.told, gone);
}

void take_from(Stream& stream, std::size_t most) {
  std::array<char, 16384> bytes;
  const ssize_t count = ::read(stream.ours.get(), bytes.data(), bytes.size());
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) return stream.ours.reset();
  stream.bytes.append(bytes.data(), static_cast<std::size_t>(count));
  keep_last(stream, most);
}

// Asks the whole group to end when told so; kills it when it does not.
class Ender {
 public:
  Ender(pid_t group, const World& world) : group_(group), world_(world) {}
  void look() {
    if (!is_asked_ && world_.interrupted && world_.interrupted()) {
      is_asked_ = true;
      kill_at_ = world_.clock.monotonic() + kPatience;
      ::kill(-group_, SIGTERM);
    }
    if (is_asked_ && world_.clock.monotonic() >= kill_at_) ::kill(-group_, SIGKILL);
  }
  bool is_asked() const { return is_asked_; }

 private:
  pid_t group_;
  const World& world_;
  bool is_asked_ = false;
  Millis kill_at_{0};
};

// To the end of what it says. A server it has started may hold its output open for ever: once the
// program itself has ended, silence is the end.
void follow(const io::Child& child, Stream& out, Stream& err, const Program& program,
            Ender& ender) {
  while (out.ours || err.ours) {
    pollfd wanted[2] = {{out.ours.get(), POLLIN, 0}, {err.ours.get(), POLLIN, 0}};
    const bool is_silent = ::poll(wanted, 2, kLookMs) == 0;
    pollfd ended{child.pidfd.get(), POLLIN, 0};
    if (is_silent && ::poll(&ended, 1, 0) > 0) break;
    if (wanted[0].revents != 0) take_from(out, kMostOut);
    if (wanted[1].revents != 0) take_from(err, kMostErr);
    tell_lines(out, program);
    ender.look();
  }
}
}  // namespace

Result<Ran> run_program(const Program& program, const World& world) {
  Stream out = TRY(make_stream());
  Stream err = TRY(make_stream());
  io::ChildSpec spec;
  spec.argv = program.argv;
  spec.dir = "/";  // the caller's folder may be closed to another user
  spec.environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"};
  spec.environment.insert(spec.environment.end(), program.environment.begin(),
                          program.environment.end());
  spec.user = program.user;
  spec.out = out.theirs.get();
  spec.err = err.theirs.get();
  spec.parent_death_signal = SIGTERM;
  const auto child = TRY(io::spawn(spec));
  out.theirs.reset();
  err.theirs.reset();
  Ender ender(child.pid, world);
  follow(child, out, err, program, ender);
  Ran ran;
  ran.exit = TRY(io::wait_for(child, kPatience));
  ran.out = std::move(out.bytes);
  ran.err = std::move(err.bytes);
  if (ender.is_asked())
    return Error(Code::Aborted, program.argv[0] + " was interrupted",
                 "what it left is cleaned by the next backup");
  return ran;
}

std::string last_words(const Ran& ran) {
  const std::string all = ran.err.empty() ? ran.out : ran.err;
  std::vector<std::string> lines;
  for (const auto line : split(all, '\n')) {
    const auto said = trim(line);
    if (said.empty()) continue;
    lines.emplace_back(said);
    if (lines.size() > 4) lines.erase(lines.begin());
  }
  const std::string words = join(lines, " / ");
  return words.size() > kSaidWords ? words.substr(words.size() - kSaidWords) : words;
}

Result<Ran> run_or_fail(const Program& program, const World& world, const std::string& next) {
  auto ran = TRY(run_program(program, world));
  if (ran.exit.succeeded()) return ran;
  return Error(Code::CommandFailed,
               program.argv[0] + " ended with " + ran.exit.text() + ": " + last_words(ran), next);
}

std::string postgres_program(const std::string& name) {
  constexpr const char* kRoot = "/usr/lib/postgresql";
  std::string newest = name;
  int best = 0;
  const auto versions = io::list_dir(kRoot);
  if (!versions) return newest;
  for (const auto& version : *versions) {
    const std::string path = io::join_path(io::join_path(kRoot, version), "bin/" + name);
    const int number = std::atoi(version.c_str());
    if (number > best && io::exists(path)) best = number, newest = path;
  }
  return newest;
}

}  // namespace slipway::database::backup

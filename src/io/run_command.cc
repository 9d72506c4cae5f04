// A command run to its end, with its output collected.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "io/child.h"
#include "io/clock.h"
#include "io/poll.h"

namespace slipway::io {
namespace {
// After the command itself ended, how long its output may be held open by what it left behind.
constexpr Millis kAfterEnd{250};

struct Stream {
  Fd ours;
  Fd theirs;
  std::string bytes;
};

Result<Stream> make_stream() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return from_errno(errno, "cannot make a pipe");
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return Stream{Fd(ends[0]), Fd(ends[1]), {}};
}

void take_from(Stream& stream, std::size_t most) {
  char buffer[16384];
  for (;;) {
    const ssize_t count = ::read(stream.ours.get(), buffer, sizeof(buffer));
    if (count > 0) {
      stream.bytes.append(buffer, static_cast<std::size_t>(count));
      if (stream.bytes.size() > 2 * most) stream.bytes.erase(0, stream.bytes.size() - most);
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count == 0 || errno != EAGAIN) stream.ours.reset();
    break;
  }
  if (!stream.ours && stream.bytes.size() > most) stream.bytes.erase(0, stream.bytes.size() - most);
}

void give_to(Fd& to, std::string_view& input) {
  while (to && !input.empty()) {
    const ssize_t count = ::write(to.get(), input.data(), input.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) break;
    input.remove_prefix(static_cast<std::size_t>(count));
  }
  to.reset();
}

struct Run {
  Child child;
  Stream out;
  Stream err;
  Fd in;
  std::string_view input;
  std::size_t max_output;
};

// One round of waiting for anything; true when the child has ended.
bool pump(Run& run, Millis wait) {
  pollfd wanted[4] = {{run.child.pidfd.get(), POLLIN, 0},
                      {run.out.ours.get(), POLLIN, 0},
                      {run.err.ours.get(), POLLIN, 0},
                      {run.in.get(), POLLOUT, 0}};
  ::poll(wanted, 4, static_cast<int>(std::clamp(wait, Millis(0), Millis(60'000)).count()));
  if (wanted[1].revents != 0) take_from(run.out, run.max_output);
  if (wanted[2].revents != 0) take_from(run.err, run.max_output);
  if (wanted[3].revents != 0) give_to(run.in, run.input);
  return wanted[0].revents != 0;
}

void cut(std::string& bytes, std::size_t most) {
  if (bytes.size() > most) bytes.erase(0, bytes.size() - most);
}
}  // namespace

Result<CommandRun> run_command(ChildSpec spec, Millis timeout, std::size_t max_output,
                               const std::string& input) {
  spec.group = ChildSpec::Group::Own;
  Run run{{}, TRY(make_stream()), TRY(make_stream()), {}, input, max_output};
  Stream in = TRY(make_stream());
  spec.out = run.out.theirs.get();
  spec.err = run.err.theirs.get();
  if (!input.empty()) spec.in = in.ours.get();
  ::fcntl(in.ours.get(), F_SETFL, 0);
  ::fcntl(in.theirs.get(), F_SETFL, O_NONBLOCK);
  run.child = TRY(spawn(spec));
  run.out.theirs.reset();
  run.err.theirs.reset();
  in.ours.reset();
  run.in = std::move(in.theirs);
  if (input.empty()) run.in.reset();
  CommandRun ended;
  SystemClock clock;
  const Millis deadline = clock.monotonic() + timeout;
  while (!pump(run, deadline - clock.monotonic())) {
    if (clock.monotonic() < deadline) continue;
    ended.timed_out = true;
    ::kill(-run.child.pid, SIGKILL);
    break;
  }
  ended.exit = TRY(wait_for(run.child, Millis(10'000)));
  run.child.pidfd.reset();
  const Millis last = clock.monotonic() + kAfterEnd;
  while ((run.out.ours || run.err.ours) && clock.monotonic() < last)
    pump(run, last - clock.monotonic());
  ended.out = std::move(run.out.bytes);
  ended.err = std::move(run.err.bytes);
  cut(ended.out, max_output);
  cut(ended.err, max_output);
  return ended;
}

}  // namespace slipway::io

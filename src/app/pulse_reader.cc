#include "app/pulse_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <string_view>

namespace slipway::app {
namespace {
constexpr int kLookWhetherOver = 100;  // milliseconds
constexpr std::size_t kLongestLine = 4096;
}  // namespace

Result<void> PulseReader::begin(const std::string& from, Clock& clock) {
  if (from.empty()) return ok();
  int source = STDIN_FILENO;
  if (from != "stdin") {
    file_.reset(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file_) return from_errno(errno, "opening " + from);
    source = file_.get();
  }
  thread_ = std::thread([this, source, &clock] { read(source, clock); });
  return ok();
}

PulseReader::~PulseReader() {
  is_over_ = true;
  if (thread_.joinable()) thread_.join();
}

// Ends with its source: who is gone tells nothing any more, and the migration goes on without.
void PulseReader::read(int from, Clock& clock) {
  std::string rest;
  std::array<char, 1024> bytes{};
  while (!is_over_) {
    pollfd readable{from, POLLIN, 0};
    if (::poll(&readable, 1, kLookWhetherOver) <= 0) continue;
    const ssize_t count = ::read(from, bytes.data(), bytes.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) return;
    rest.append(bytes.data(), static_cast<std::size_t>(count));
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
      if (const auto pulse = database::migrations::pulse_in(std::string_view(rest).substr(0, end)))
        pulses_.hear(*pulse, clock.monotonic());
      rest.erase(0, end + 1);
    }
    if (rest.size() > kLongestLine) rest.clear();
  }
}

}  // namespace slipway::app

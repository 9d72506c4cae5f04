#pragma once
// Reads the app's pulse, a line of JSON at a time, from stdin or a file, in a thread of its own.
#include <atomic>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "database/migrations/pulse.h"
#include "io/fd.h"

namespace slipway::app {

class PulseReader {
 public:
  // `from`: "stdin", a file, or "" for nobody.
  Result<void> begin(const std::string& from, Clock& clock);
  ~PulseReader();
  const database::migrations::Pulses& pulses() const { return pulses_; }

 private:
  void read(int from, Clock& clock);
  database::migrations::Pulses pulses_;
  io::Fd file_;
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

}  // namespace slipway::app

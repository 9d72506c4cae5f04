#pragma once
// Inquiry: what a check of a gate asks of the world: a file, a command, an address. The answer is
// bytes; what they mean is read in checks/.
#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "config/channel.h"

namespace slipway::ports {

// Exactly one of file, run and url is set.
struct Question {
  std::string file;  // absolute
  std::string run;   // shell command
  std::string url;
  config::SecretRef secret;  // url: what `Authorization` says; an empty name: nothing
  std::string folder;        // of slipway.yaml, where commands run
  std::map<std::string, std::string> variables;  // SLIPWAY_*, for a command
  Millis timeout{60'000};
};

struct Evidence {
  bool there = false;  // the file was read, the command has ended, the address answered with 2xx
  std::string why;     // not there: why
  std::string bytes;   // at most 16 MiB
  std::int64_t written_ms = 0;  // of a file; 0: it was made for this question
  bool succeeded = true;        // a command: it ended with 0
  std::string ending;           // a command that did not: how, and its last lines
};

class Inquiry {
 public:
  virtual ~Inquiry() = default;
  // Takes at most question.timeout. Whatever is in the way is said in `why`.
  virtual Evidence look(const Question& question) = 0;
};

}  // namespace slipway::ports

#pragma once
// Session: what one run of a verb works with: the words it was given, where it was started, where
// it prints. Everything from outside comes in through Surroundings, which app/ fills.
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "cli/parse.h"

namespace slipway::config {
struct LoadResult;
}

namespace slipway::cli {

struct Surroundings {
  std::string version;
  std::string program;  // path of this binary
  std::string folder;   // working folder, absolute
  std::string home;
  std::string user;  // login name
  bool is_root = false;
  // The variables of the environment that mean something; empty: not set.
  std::string state;     // SLIPWAY_STATE
  std::string host;      // SLIPWAY_HOST
  std::string token;     // SLIPWAY_TOKEN
  std::string no_color;  // NO_COLOR
  std::FILE* out = nullptr;
  std::FILE* err = nullptr;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  Clock* clock = nullptr;
};

class Session {
 public:
  Session(const Surroundings& around, Given given) : around_(around), given_(std::move(given)) {}

  const Given& given() const { return given_; }
  const Surroundings& around() const { return around_; }
  bool wants_json() const { return given_.has("--json"); }
  bool is_quiet() const { return given_.has("--quiet"); }
  bool is_live() const { return around_.out_is_terminal && !wants_json(); }
  bool has_color() const;
  int width() const;  // columns of the terminal
  int height() const;
  std::int64_t now_ms() const { return to_unix_ms(around_.clock->now()); }

  std::string state_folder() const;  // absolute
  std::string socket() const { return state_folder() + "/daemon.sock"; }

  void print(std::string_view text) const;                             // as it is
  void say(std::string_view line) const;                               // with a line end
  void show(const Json& document) const;                               // indented
  bool says_yes(std::string_view question) const;                      // asks on the terminal
  bool types(std::string_view word, std::string_view question) const;  // that word, and no other
  void note(std::string_view line) const;  // to standard error; not when quiet
  // Prints the error as people or --json want it; returns the exit status. `details`: the daemon's
  // whole error object, when it came from there.
  int fail(const Error& error, const Json& details = {}) const;

 private:
  const Surroundings& around_;
  Given given_;
};

// slipway.yaml as found: -f, or here, or in a folder above.
struct FoundFile {
  std::string path;    // as for messages
  std::string folder;  // absolute
  std::string text;
};
Result<FoundFile> find_file(const Session& session);  // ConfigMissing
bool file_is_there(const Session& session);

}  // namespace slipway::cli

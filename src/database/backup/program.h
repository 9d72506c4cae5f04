#pragma once
// One run of a backup tool: its lines as they come, its end, and Ctrl-C handed on to it. It does
// not outlive slipway, however slipway ends.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "database/backup/tool.h"
#include "io/child.h"

namespace slipway::database::backup {

struct Program {
  std::vector<std::string> argv;
  std::vector<std::string> environment;             // beside PATH, LC_ALL and TZ
  std::string user;                                 // "": the caller's
  std::function<void(std::string_view)> on_line{};  // of its output
};
struct Ran {
  io::Exit exit;
  std::string out;  // the last 16 MiB
  std::string err;  // the last 64 KiB
};
// Aborted when `world` was interrupted: the program was asked to end, and has.
Result<Ran> run_program(const Program& program, const World& world);
// CommandFailed with its last words when it did not succeed.
Result<Ran> run_or_fail(const Program& program, const World& world, const std::string& next);
// Its last lines that say something, in one line.
std::string last_words(const Ran& ran);

// A program of PostgreSQL (pg_dump …): the newest installed version's, else PATH's.
std::string postgres_program(const std::string& name);

}  // namespace slipway::database::backup

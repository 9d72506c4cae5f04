// slipway_load: see README.md.
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "load/generator.h"
#include "load/options.h"

namespace slipway::load {
namespace {

// SIGTERM and SIGINT become readable on a descriptor instead of ending the process.
int signals_as_descriptor() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

// Many connections need many descriptors; the hard limit is as far as we may go.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

Result<void> write_report(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return from_errno(errno, "cannot write the report " + path);
  const bool is_written = std::fputs(text.c_str(), file) >= 0;
  if (std::fclose(file) != 0 || !is_written)
    return from_errno(errno, "cannot write the report " + path);
  return ok();
}

Result<void> run(const Options& options, int stop_fd) {
  Generator generator(options, stop_fd);
  TRY(generator.run());
  const std::string report = generator.report().dump(2) + "\n";
  if (options.output == Output::Json) std::fputs(report.c_str(), stdout);
  std::fprintf(options.output == Output::Json ? stderr : stdout, "load: %s\n",
               generator.tally().line().c_str());
  if (!options.report_file.empty()) TRY(write_report(options.report_file, report));
  return ok();
}

int say(const Error& error) {
  std::fprintf(stderr, "slipway_load: %s\n", error.sentence().c_str());
  return facts_of(error.code).exit_code;
}

int main_with(const std::vector<std::string>& words) {
  const Result<Options> options = parse_options(words);
  if (!options) return say(options.error());
  if (options->wants_help) {
    std::fputs(usage().c_str(), stdout);
    return 0;
  }
  raise_descriptor_limit();
  const Result<void> done = run(*options, signals_as_descriptor());
  return done ? 0 : say(done.error());
}

}  // namespace
}  // namespace slipway::load

int main(int count, char** words) {
  return slipway::load::main_with(std::vector<std::string>(words + 1, words + count));
}

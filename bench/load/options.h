#pragma once
// The command line of slipway_load.
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "load/request_mix.h"

namespace slipway::load {

struct Target {
  sockaddr_storage address{};
  socklen_t length = 0;
  std::string authority;  // "127.0.0.1:8080", the Host unless --host says otherwise
  std::string path;       // "/" when the URL names none
};
Result<Target> parse_url(const std::string& url);

enum class Output { Line, Json };
enum class Progress { Silent, EverySecond };

struct Options {
  std::string url;
  Target target;
  std::string host;
  double rate = 100;   // requests a second
  Millis duration{0};  // 0: until the file appears or a signal comes
  Millis timeout{10000};
  std::string until_file;
  std::size_t connections = 512;
  RequestMix mix;
  std::uint64_t seed = 1;
  std::string report_file;
  std::string timeline_file;
  Output output = Output::Line;
  Progress progress = Progress::Silent;
  bool wants_help = false;
};

// Reads the words after the program's name, and the mix file they name.
Result<Options> parse_options(const std::vector<std::string>& words);
std::string usage();

}  // namespace slipway::load

#pragma once
// The daemon: lock on the state folder, store, API, threads. daemon_main() is `slipway daemon`;
// Daemon is the same inside another process (`slipway dev`, tests).
#include <memory>
#include <string>

#include "base/clock.h"
#include "daemon/drivers.h"
#include "telemetry/log.h"

namespace slipway::daemon {

struct DaemonOptions {
  std::string state;   // folder; made when it is not there
  std::string socket;  // empty: daemon.sock in the state folder
  std::string listen;  // "127.0.0.1:7878"; empty: no TCP
  std::string version;
  std::string log_file;                    // daemon_main only; empty: standard error
  std::string external_url;                // "https://slipway.example"; empty: no links in messages
  Millis keep_notices{90 * 86'400'000LL};  // those of no release
  ChannelFactory channels;                 // empty: notices wait in the outbox
};

class Daemon {
 public:
  // Takes up every unfinished release, then answers. log, clock, random: borrowed.
  static Result<std::unique_ptr<Daemon>> start(const DaemonOptions& options, DriverFactory drivers,
                                               telemetry::Log& log, Clock& clock, Random& random);
  ~Daemon();  // stop()
  // Releases stay where they are for the next daemon; traffic is not touched.
  void stop();
  int tcp_port() const { return tcp_port_; }  // 0: none
  const std::string& socket() const { return socket_; }

 private:
  struct Rooms;
  Daemon();
  Result<void> open(const DaemonOptions& options, DriverFactory drivers, telemetry::Log& log,
                    Clock& clock, Random& random);
  Result<void> begin(const DaemonOptions& options);

  std::unique_ptr<Rooms> rooms_;
  std::string socket_;
  int tcp_port_ = 0;
  bool stopped_ = false;
};

// Runs until SIGTERM or SIGINT, then returns 0 within two seconds; else the exit code of what
// failed, with the reason on standard error. SIGPIPE is ignored.
int daemon_main(const DaemonOptions& options, const DriverFactory& drivers);

}  // namespace slipway::daemon

#pragma once
// Limits of one worker, before a request is routed; those of a service are in its table entry.
#include <string>

#include "base/clock.h"
#include "http/parser.h"

namespace slipway::edge {

struct WorkerLimits {
  Millis head_time{10'000};      // from a head's first byte to its last; then 408
  Millis idle_time{75'000};      // of a client between requests
  Millis pool_idle_time{4'000};  // of an upstream connection; below the 5 s of Node's servers
  std::size_t pooled = 256;      // idle upstream connections per target
  std::size_t clients = 10'000;  // more are told 503
  std::int64_t connections_per_client = 0;  // of all workers; more are closed; 0: no limit
  int held_per_service = 1'000;             // requests waiting in a pause; more are told 503
  std::size_t compressions = 64;            // responses encoded at once; more go as they are
  http::Limits head;
  bool http2 = true;         // offered over TLS
  std::string acme_webroot;  // where challenges lie; empty: none are answered
  bool h2c = false;          // HTTP/2 without TLS, to clients that begin with its preface
};

}  // namespace slipway::edge

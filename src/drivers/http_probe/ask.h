#pragma once
// One GET to an instance's address, as probes and smoke checks need it.
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"

namespace slipway::drivers::http_probe {

// host: the Host header; empty: the address.
Result<http::Response> ask(const std::string& address, const std::string& path,
                           const std::string& host, Millis timeout);

}  // namespace slipway::drivers::http_probe

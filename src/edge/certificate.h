#pragma once
// Certificate files (OpenSSL). This cut only checks them; TLS itself is served by a later one.
#include <string>

#include "base/result.h"

namespace slipway::edge {
// The files exist, are PEM, and the key belongs to the certificate.
Result<void> check_certificate(const std::string& certificate, const std::string& key);
}  // namespace slipway::edge

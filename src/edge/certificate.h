#pragma once
// One certificate with its key (OpenSSL), read from PEM files and fit to be served.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "edge/table.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace slipway::edge {

struct Certificate {
  CertificateFiles files;
  std::vector<std::string> names;  // DNS names it is for, lower case; "*.example.com" for one label
  std::int64_t not_after_ms = 0;   // wall clock, milliseconds since 1970
  std::string digest;              // of both files' bytes: equal when nothing changed
  std::shared_ptr<ssl_ctx_st> context;

  bool covers(std::string_view host) const;  // host: lower case, without a port
};

// A pair on its way into a table must be valid now; one that is served already is better than none.
enum class Age : std::uint8_t { MustBeValid, Any };

// The files can be read, are PEM, belong together, and OpenSSL would serve them. `now_ms` is the
// wall clock.
Result<std::shared_ptr<const Certificate>> load_certificate(const CertificateFiles& files,
                                                            std::int64_t now_ms, Age age);

}  // namespace slipway::edge

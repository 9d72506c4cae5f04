#pragma once
// The http-01 challenges of ACME (RFC 8555 section 8.3): whoever asks for a certificate, certbot
// with its webroot plugin, puts a file where the edge finds it.
#include <string>
#include <string_view>

namespace slipway::edge {

// A request for a challenge that lies in `webroot`; then `content` is the file's. False: not such a
// request, or no such file, and the request is one like any other. The one place where a worker
// reads a file: a small one, in a folder of this machine, under a name of letters and digits.
bool find_challenge(const std::string& webroot, std::string_view path, std::string& content);

}  // namespace slipway::edge

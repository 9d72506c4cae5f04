#pragma once
// SHA-256 (OpenSSL), for plan hashes, fingerprints, stored tokens and signatures.
#include <memory>
#include <string>
#include <string_view>

namespace slipway {
std::string sha256_hex(std::string_view bytes);
// HMAC-SHA256 (RFC 2104), lower-case hex.
std::string hmac_sha256_hex(std::string_view key, std::string_view message);

// The same, fed piece by piece.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::string_view bytes);
  std::string hex();  // ends the digest

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};
// Equal without telling by its time where the difference is.
bool equal_in_constant_time(std::string_view a, std::string_view b);
}  // namespace slipway

#include "edge/certificate.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstdio>
#include <memory>

namespace slipway::edge {
namespace {

struct FileCloser {
  void operator()(FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<FILE, FileCloser>;

Error not_pem(const std::string& path, std::string_view what) {
  char text[256] = "no PEM block found";
  if (const unsigned long code = ERR_get_error(); code != 0)
    ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return Error(Code::Malformed, fmt::format("cannot read a {} from {}: {}", what, path, text),
               "give a PEM file");
}

// An encrypted key would otherwise make OpenSSL ask on the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

}  // namespace

Result<void> check_certificate(const std::string& certificate, const std::string& key) {
  const File certificate_file(std::fopen(certificate.c_str(), "re"));
  if (!certificate_file) return from_errno(errno, "cannot open the certificate " + certificate);
  const File key_file(std::fopen(key.c_str(), "re"));
  if (!key_file) return from_errno(errno, "cannot open the private key " + key);
  const std::unique_ptr<X509, decltype(&X509_free)> x509(
      PEM_read_X509(certificate_file.get(), nullptr, no_passphrase, nullptr), X509_free);
  if (!x509) return not_pem(certificate, "certificate");
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> private_key(
      PEM_read_PrivateKey(key_file.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free);
  if (!private_key) return not_pem(key, "private key");
  if (X509_check_private_key(x509.get(), private_key.get()) == 1) return ok();
  ERR_clear_error();
  return Error(
      Code::Malformed,
      fmt::format("the private key {} does not belong to the certificate {}", key, certificate),
      "give the key that the certificate was made for");
}

}  // namespace slipway::edge

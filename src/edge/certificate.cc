#include "edge/certificate.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "base/clock.h"
#include "base/digest.h"
#include "edge/tls.h"
#include "http/bytes.h"
#include "io/files.h"

namespace slipway::edge {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr int kMostChain = 16;

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* thing) const {
    Free(thing);
  }
};
using Bio = std::unique_ptr<BIO, Freeing<BIO_free>>;
using Leaf = std::unique_ptr<X509, Freeing<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
struct ChainFree {
  void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};
using Chain = std::unique_ptr<STACK_OF(X509), ChainFree>;

std::string last_reason(const char* otherwise) {
  char text[256];
  const unsigned long code = ERR_peek_last_error();
  if (code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return code != 0 ? text : otherwise;
}

Error not_pem(const std::string& path, std::string_view what) {
  return Error(
      Code::Malformed,
      fmt::format("cannot read a {} from {}: {}", what, path, last_reason("no PEM block found")),
      "give a PEM file");
}

// An encrypted key would otherwise make OpenSSL ask on the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

Bio memory_of(const std::string& bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// The certificates behind the first: what a client needs to trust it.
Chain read_chain(BIO* file) {
  Chain chain(sk_X509_new_null());
  while (sk_X509_num(chain.get()) < kMostChain) {
    X509* next = PEM_read_bio_X509(file, nullptr, no_passphrase, nullptr);
    if (next == nullptr) break;
    sk_X509_push(chain.get(), next);
  }
  ERR_clear_error();  // the end of the file is told as an error
  return chain;
}

void add_name(std::vector<std::string>& names, const ASN1_STRING* text) {
  std::string name(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                   static_cast<std::size_t>(ASN1_STRING_length(text)));
  std::transform(name.begin(), name.end(), name.begin(), http::to_lower);
  names.push_back(std::move(name));
}

// RFC 6125 section 6.4.4: the subject's common name counts only when no DNS name is given.
std::vector<std::string> names_of(const X509* leaf) {
  std::vector<std::string> names;
  auto* list =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(list); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(list, i);
    if (name->type == GEN_DNS) add_name(names, name->d.dNSName);
  }
  GENERAL_NAMES_free(list);
  if (!names.empty()) return names;
  const X509_NAME* subject = X509_get_subject_name(leaf);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) add_name(names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  return names;
}

std::int64_t unix_ms_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return static_cast<std::int64_t>(timegm(&parts)) * 1000;
}

Result<void> check_dates(const X509* leaf, const std::string& path, std::int64_t now_ms) {
  const std::int64_t until = unix_ms_of(X509_get0_notAfter(leaf));
  const std::int64_t from = unix_ms_of(X509_get0_notBefore(leaf));
  if (until <= now_ms)
    return Error(
        Code::Malformed,
        fmt::format("the certificate {} expired at {}", path, to_iso8601(from_unix_ms(until))),
        "renew it first");
  if (from > now_ms)
    return Error(Code::Malformed,
                 fmt::format("the certificate {} is not valid before {}", path,
                             to_iso8601(from_unix_ms(from))),
                 "look at the clock of this machine and of the one that made it");
  return ok();
}

}  // namespace

bool Certificate::covers(std::string_view host) const {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    if (name == host) return true;
    if (name.substr(0, 2) != "*.") return false;
    const std::size_t dot = host.find('.');
    return dot != std::string_view::npos && dot > 0 &&
           host.substr(dot) == std::string_view(name).substr(1);
  });
}

Result<std::shared_ptr<const Certificate>> load_certificate(const CertificateFiles& files,
                                                            std::int64_t now_ms, Age age) {
  const std::string certificate = TRY(io::read_file(files.certificate, kMostBytes));
  const std::string key_text = TRY(io::read_file(files.key, kMostBytes));
  ERR_clear_error();
  const Bio certificate_file = memory_of(certificate);
  const Bio key_file = memory_of(key_text);
  const Leaf leaf(PEM_read_bio_X509(certificate_file.get(), nullptr, no_passphrase, nullptr));
  if (!leaf) return not_pem(files.certificate, "certificate");
  const Chain chain = read_chain(certificate_file.get());
  const Key key(PEM_read_bio_PrivateKey(key_file.get(), nullptr, no_passphrase, nullptr));
  if (!key) return not_pem(files.key, "private key");
  if (X509_check_private_key(leaf.get(), key.get()) != 1) {
    ERR_clear_error();
    return Error(Code::Malformed,
                 fmt::format("the private key {} does not belong to the certificate {}", files.key,
                             files.certificate),
                 "give the key that the certificate was made for");
  }
  if (age == Age::MustBeValid) TRY(check_dates(leaf.get(), files.certificate, now_ms));
  auto out = std::make_shared<Certificate>();
  out->context = make_tls_context();
  if (SSL_CTX_use_cert_and_key(out->context.get(), leaf.get(), key.get(), chain.get(), 1) != 1)
    return Error(Code::Malformed,
                 fmt::format("OpenSSL does not serve the certificate {}: {}", files.certificate,
                             last_reason("it gives no reason")),
                 "make one with an RSA key of 2048 bits or more, or an ECDSA key");
  out->files = files;
  out->names = names_of(leaf.get());
  out->not_after_ms = unix_ms_of(X509_get0_notAfter(leaf.get()));
  out->digest = sha256_hex(certificate + '\0' + key_text);
  return std::shared_ptr<const Certificate>(std::move(out));
}

}  // namespace slipway::edge

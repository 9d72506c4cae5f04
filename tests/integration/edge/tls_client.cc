#include "tests/integration/edge/tls_client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cstdio>
#include <stdexcept>

namespace slipway::edge::test {
namespace {

constexpr int kPatienceMs = 5'000;

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

std::string taken_errors() {
  std::string text;
  char line[256];
  while (const unsigned long code = ERR_get_error()) {
    ERR_error_string_n(code, line, sizeof line);
    text += line;
    text += '\n';
  }
  return text;
}

SSL_CTX* context() {
  static SSL_CTX* const made = [] {
    SSL_CTX* fresh = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(fresh, 0);  // so that old versions can be tried at all
    SSL_CTX_set_min_proto_version(fresh, TLS1_VERSION);
    SSL_CTX_set_mode(fresh, SSL_MODE_AUTO_RETRY);
    return fresh;
  }();
  return made;
}

int number_of(int version) {
  switch (version) {
    case 10:
      return TLS1_VERSION;
    case 11:
      return TLS1_1_VERSION;
    case 12:
      return TLS1_2_VERSION;
    default:
      return TLS1_3_VERSION;
  }
}

}  // namespace

TlsConnection::TlsConnection(int port, const TlsWish& wish)
    : Connection(port), ssl_(SSL_new(context())) {
  SSL_set_fd(ssl_, fd_.get());
  if (!wish.name.empty()) SSL_set_tlsext_host_name(ssl_, wish.name.c_str());
  std::string protocols;
  for (const std::string& protocol : wish.protocols)
    protocols += static_cast<char>(protocol.size()) + protocol;
  if (!protocols.empty())
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
  if (wish.version != 0) {
    SSL_set_min_proto_version(ssl_, number_of(wish.version));
    SSL_set_max_proto_version(ssl_, number_of(wish.version));
  }
  if (wish.ticket) SSL_set_session(ssl_, wish.ticket.get());
  const timeval patience{kPatienceMs / 1000, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  open_ = SSL_connect(ssl_) == 1;
  problem_ = taken_errors();
}

// OpenSSL forgets the session of a connection that ends without a word; its ticket is still good.
TlsConnection::~TlsConnection() {
  SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_);
}

bool TlsConnection::send(const std::string& bytes) {
  if (!open_ || bytes.empty()) return open_;
  const bool sent = SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) ==
                    static_cast<int>(bytes.size());
  problem_ += taken_errors();
  return sent;
}

bool TlsConnection::fill() {
  char bytes[65536];
  const int got = open_ ? SSL_read(ssl_, bytes, sizeof bytes) : 0;
  problem_ += taken_errors();
  if (got <= 0) return false;
  in_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

std::string TlsConnection::version() const { return open_ ? SSL_get_version(ssl_) : ""; }

std::string TlsConnection::protocol() const {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &chosen, &size);
  return {reinterpret_cast<const char*>(chosen), size};
}

std::string TlsConnection::certificate() const {
  X509* shown = SSL_get0_peer_certificate(ssl_);
  char name[256] = "";
  if (shown != nullptr)
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof name);
  return name;
}

bool TlsConnection::resumed() const { return open_ && SSL_session_reused(ssl_) == 1; }

TlsTicket TlsConnection::ticket() const {
  return TlsTicket(SSL_get1_session(ssl_), SSL_SESSION_free);
}

void TlsConnection::say_close() {
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

void TlsConnection::ask_for_new_keys() { SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED); }
void TlsConnection::renegotiate() { SSL_renegotiate(ssl_); }

bool TlsConnection::heard_close() const {
  return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
}

std::string key_name_of(const TlsTicket& ticket) {
  const unsigned char* bytes = nullptr;
  std::size_t size = 0;
  SSL_SESSION_get0_ticket(ticket.get(), &bytes, &size);
  return size < 16 ? "" : std::string(reinterpret_cast<const char*>(bytes), 16);
}

void write_certificate(const std::string& folder, const std::string& stem,
                       const std::vector<std::string>& names, int days) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), X509_free);
  X509_set_version(made.get(), 2);
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  constexpr long kDay = 86'400;
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -2 * kDay);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), days * kDay);
  X509_set_pubkey(made.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(names.front().c_str()), -1, -1,
                             0);
  X509_set_issuer_name(made.get(), subject);
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "DNS:" : ",DNS:") + name;
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, list.c_str());
  X509_add_ext(made.get(), extension, -1);
  X509_EXTENSION_free(extension);
  check(X509_sign(made.get(), key.get(), EVP_sha256()) > 0, "cannot sign");
  for (const char* ending : {".pem", ".key"}) {
    const std::string path = folder + "/" + stem + ending;
    FILE* file = std::fopen((path + ".new").c_str(), "we");
    check(file != nullptr, "cannot write a certificate");
    if (std::string(ending) == ".pem") {
      PEM_write_X509(file, made.get());
    } else {
      PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    }
    std::fclose(file);
    check(std::rename((path + ".new").c_str(), path.c_str()) == 0, "cannot rename");
  }
}

Json tls_of(const std::string& folder, const std::string& stem) {
  Json json = Json::object();
  return json.set("certificate", folder + "/" + stem + ".pem")
      .set("key", folder + "/" + stem + ".key");
}

}  // namespace slipway::edge::test

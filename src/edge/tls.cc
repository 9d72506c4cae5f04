#include "edge/tls.h"

#include <malloc.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/assert.h"
#include "edge/tls_terms.h"

namespace slipway::edge {
namespace {

constexpr std::size_t kRecord = 16 * 1024;  // the most one record carries (RFC 8446 section 5.1)
constexpr long kTicketSeconds = 2 * 3600;   // what the ticket keys open at least

constexpr unsigned char kOffered[] = "\x02h2\x08http/1.1\x08http/1.0";
constexpr unsigned kOfferedSize = sizeof kOffered - 1;
constexpr unsigned kH2Size = 3;

// AES-128 first: not weaker in practice, and cheaper. Clients without
// AES in hardware say so by naming ChaCha20 first, and get it.
constexpr const char* kCiphers13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr std::uint64_t kOptions = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF;

}  // namespace

// Called by OpenSSL in the middle of a session's call.
struct TlsCalls {
  static TlsSession& of(SSL* ssl) { return *static_cast<TlsSession*>(SSL_get_app_data(ssl)); }
  static TlsSession& of(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

  // Less than asked for means that the socket is empty: what would say so is not asked again.
  static int read(BIO* bio, char* to, std::size_t most, std::size_t* size) {
    TlsSession& session = of(bio);
    BIO_clear_retry_flags(bio);
    *size = 0;
    ssize_t got = -1;
    if (!session.dry_) {
      do {
        got = recv(session.fd_, to, most, 0);
      } while (got < 0 && errno == EINTR);
      if (got == 0) session.eof_ = true;
      if (got == 0 || (got < 0 && errno != EAGAIN)) return 0;
      const bool short_read = got < 0 || static_cast<std::size_t>(got) < most;
      session.dry_ = short_read && (got < 0 || session.peer_ == TlsSession::Peer::Sends);
    }
    if (got < 0) {
      BIO_set_retry_read(bio);
      return 0;
    }
    session.began_ = true;
    *size = static_cast<std::size_t>(got);
    return 1;
  }

  static int write(BIO* bio, const char* bytes, std::size_t size, std::size_t* taken) {
    BIO_clear_retry_flags(bio);
    of(bio).buffers_.records.append(bytes, size);
    *taken = size;
    return 1;
  }

  static long control(BIO* bio, int what, long, void*) {
    if (what == BIO_CTRL_EOF) return of(bio).eof_ ? 1 : 0;
    return what == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static const BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "edge client");
      ASSERT(fresh != nullptr);
      BIO_meth_set_read_ex(fresh, read);
      BIO_meth_set_write_ex(fresh, write);
      BIO_meth_set_ctrl(fresh, control);
      return fresh;
    }();
    return made;
  }

  static int on_name(SSL* ssl, int* alert, void*) {
    const TlsSession& session = of(ssl);
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const Certificate* found =
        session.terms_ == nullptr ? nullptr : session.terms_->choose(name == nullptr ? "" : name);
    if (found == nullptr || SSL_set_SSL_CTX(ssl, found->context.get()) == nullptr) {
      *alert = SSL_AD_UNRECOGNIZED_NAME;
      return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    return name == nullptr ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_OK;
  }

  static int on_protocols(SSL* ssl, const unsigned char** chosen, unsigned char* size,
                          const unsigned char* wanted, unsigned wanted_size, void*) {
    const TlsSession& session = of(ssl);
    const bool h2 = session.terms_ != nullptr && session.terms_->http2();
    const unsigned skip = h2 ? 0 : kH2Size;
    unsigned char* found = nullptr;
    if (SSL_select_next_proto(&found, size, kOffered + skip, kOfferedSize - skip, wanted,
                              wanted_size) != OPENSSL_NPN_NEGOTIATED)
      return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
  }

  static int start_mac(EVP_MAC_CTX* mac, const TicketKey& key) {
    char digest[] = "SHA256";
    const OSSL_PARAM settings[] = {
        OSSL_PARAM_construct_octet_string(
            OSSL_MAC_PARAM_KEY, const_cast<std::uint8_t*>(key.mac.data()), key.mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, settings);
  }

  // 1: sealed or opened; 2: opened with an older key, give a new ticket; 0: no ticket, all anew.
  static int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                       EVP_MAC_CTX* mac, int seal) {
    const TlsSession& session = of(ssl);
    if (session.terms_ == nullptr) return 0;
    const TicketKeys& keys = session.terms_->tickets();
    if (seal == 1) {
      const TicketKey& key = keys.current();
      if (RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1) return -1;
      std::memcpy(name, key.name.data(), key.name.size());
      if (EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) != 1)
        return -1;
      return start_mac(mac, key) == 1 ? 1 : -1;
    }
    const TicketKey* key = keys.find({name, std::tuple_size_v<decltype(TicketKey::name)>});
    if (key == nullptr) return 0;
    if (start_mac(mac, *key) != 1 ||
        EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key->cipher.data(), iv) != 1)
      return -1;
    return key == &keys.current() ? 1 : 2;
  }
};

namespace {

// Buffers of one record and its overhead; OpenSSL asks for little else of that size.
struct RecordBuffers {
  static constexpr std::size_t kLeast = kRecord;
  static constexpr std::size_t kMost = kRecord + 2048;
  static constexpr std::size_t kKept = 4;
  ~RecordBuffers() {
    while (count > 0) std::free(kept[--count]);
    ended = true;
  }
  void* kept[kKept] = {};
  std::size_t count = 0;
  bool ended = false;  // the thread is ending; destructors of others may still give back
};
thread_local RecordBuffers record_buffers;

void* take(std::size_t size, const char*, int) {
  RecordBuffers& own = record_buffers;
  const bool fits = size >= RecordBuffers::kLeast && size <= RecordBuffers::kMost;
  if (!fits) return std::malloc(size);
  if (own.count > 0) return own.kept[--own.count];
  return std::malloc(RecordBuffers::kMost);
}

void give_back(void* buffer, const char*, int) {
  if (buffer == nullptr) return;
  RecordBuffers& own = record_buffers;
  const std::size_t size = malloc_usable_size(buffer);
  const bool fits = size >= RecordBuffers::kMost && size <= RecordBuffers::kMost + 64;
  if (!fits || own.ended || own.count == RecordBuffers::kKept) return std::free(buffer);
  own.kept[own.count++] = buffer;
}

void* resize(void* buffer, std::size_t size, const char*, int) {
  return std::realloc(buffer, size);
}

}  // namespace

void keep_record_buffers() { CRYPTO_set_mem_functions(take, resize, give_back); }

std::shared_ptr<ssl_ctx_st> make_tls_context() {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  ASSERT(context != nullptr);
  SSL_CTX* ctx = context.get();
  ASSERT(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1);
  ASSERT(SSL_CTX_set_ciphersuites(ctx, kCiphers13) == 1);
  ASSERT(SSL_CTX_set_cipher_list(ctx, kCiphers12) == 1);
  ASSERT(SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") == 1);
  SSL_CTX_set_security_level(ctx, 2);
  SSL_CTX_set_options(ctx, kOptions);
  // An idle connection keeps no record buffers.
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(ctx, 1);
  // Sessions live in tickets, which any worker and a successor can open; nothing is kept here.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(ctx, kTicketSeconds);
  constexpr unsigned char kContext[] = "slipway edge";
  SSL_CTX_set_session_id_context(ctx, kContext, sizeof kContext - 1);
  SSL_CTX_set_tlsext_servername_callback(ctx, TlsCalls::on_name);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, TlsCalls::on_ticket);
  SSL_CTX_set_alpn_select_cb(ctx, TlsCalls::on_protocols, nullptr);
  return context;
}

TlsSession::TlsSession(std::shared_ptr<const TlsTerms> terms, int fd, TlsBuffers& buffers)
    : buffers_(buffers), terms_(std::move(terms)), fd_(fd) {
  ssl_ = SSL_new(terms_->base());
  BIO* bio = BIO_new(TlsCalls::method());
  ASSERT(ssl_ != nullptr && bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_app_data(ssl_, this);
  SSL_set_accept_state(ssl_);
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

const char* TlsSession::version() const { return SSL_get_version(ssl_); }

void TlsSession::note_established() {
  if (established_ || SSL_is_init_finished(ssl_) == 0) return;
  established_ = true;
  resumed_ = SSL_session_reused(ssl_) == 1;
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &chosen, &size);
  h2_ = size == 2 && std::memcmp(chosen, "h2", 2) == 0;
  terms_.reset();
}

TlsSession::Received TlsSession::receive(char* to, std::size_t most, Peer peer) {
  if (failed_ || heard_end_) return {Got::Ended, 0, false};
  peer_ = peer;
  dry_ = false;
  std::size_t size = 0;
  while (size < most) {
    std::size_t got = 0;
    const int done = SSL_read_ex(ssl_, to + size, most - size, &got);
    note_established();
    if (done != 1) {
      const int why = SSL_get_error(ssl_, done);
      ERR_clear_error();
      if (why == SSL_ERROR_WANT_READ) return {size > 0 ? Got::Bytes : Got::Later, size, false};
      heard_end_ = true;
      failed_ = why != SSL_ERROR_ZERO_RETURN;  // else the client may still wait for its answer
      // What came before the end is used first; the end is told by the next call.
      return {size > 0 ? Got::Bytes : Got::Ended, size, true};
    }
    size += got;
    if (dry_ && SSL_has_pending(ssl_) == 0) return {Got::Bytes, size, false};
  }
  return {Got::Bytes, size, !dry_ || SSL_has_pending(ssl_) != 0};
}

bool TlsSession::write(const void* bytes, std::size_t size) {
  const auto* at = static_cast<const char*>(bytes);
  while (size > 0) {
    std::size_t taken = 0;
    if (SSL_write_ex(ssl_, at, size, &taken) != 1) {
      ERR_clear_error();
      failed_ = true;
      return false;
    }
    at += taken;
    size -= taken;
  }
  return true;
}

// Small pieces share a record; whole records are made of a large piece where it lies.
bool TlsSession::encrypt(std::span<const iovec> pieces) {
  if (!established_ || failed_) return false;
  if (!buffers_.plain) buffers_.plain.reset(new char[kRecord]);
  std::size_t filled = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const char* at = static_cast<const char*>(pieces[i].iov_base);
    std::size_t left = pieces[i].iov_len;
    while (left > 0) {
      const bool last = i + 1 == pieces.size();
      if (filled == 0 && (last || left >= kRecord)) {
        const std::size_t size = last ? left : left / kRecord * kRecord;
        if (!write(at, size)) return false;
        at += size;
        left -= size;
        continue;
      }
      const std::size_t size = std::min(left, kRecord - filled);
      std::memcpy(buffers_.plain.get() + filled, at, size);
      filled += size;
      at += size;
      left -= size;
      if (filled < kRecord) continue;
      if (!write(buffers_.plain.get(), filled)) return false;
      filled = 0;
    }
  }
  return filled == 0 || write(buffers_.plain.get(), filled);
}

void TlsSession::say_close() {
  if (!established_ || failed_) return;
  failed_ = true;
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

}  // namespace slipway::edge

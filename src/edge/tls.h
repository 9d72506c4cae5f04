#pragma once
// TLS on one client connection (OpenSSL's libssl, wrapped here and in certificate.cc). A session
// reads its socket itself; what it has to send is gathered as finished records in its worker's
// buffer, so that a head, a body and whatever else leave in one system call.
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct ssl_st;      // OpenSSL's SSL
struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace slipway::edge {

class TlsTerms;

// Has OpenSSL's record buffers come from a small store of each thread: with none kept in idle
// connections, every request takes and gives back two of them. Before anything else of OpenSSL is
// used in the process; later calls change nothing.
void keep_record_buffers();

// A context with everything but a certificate: versions, ciphers, tickets, ALPN.
std::shared_ptr<ssl_ctx_st> make_tls_context();

// Shared by the sessions of one worker, each of which uses it within one call.
struct TlsBuffers {
  std::string records;            // to be sent by whoever made the call
  std::unique_ptr<char[]> plain;  // one record's worth: where small pieces are put together
};

class TlsSession {
 public:
  TlsSession(std::shared_ptr<const TlsTerms> terms, int fd, TlsBuffers& buffers);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  enum class Got : std::uint8_t { Bytes, Later, Ended };
  enum class Peer : std::uint8_t { Sends, HasEnded };  // what epoll said of its side
  struct Received {
    Got got = Got::Later;
    std::size_t size = 0;
    bool more = false;  // there may be more without another event: here, or in the socket
  };
  // Makes the handshake too. After any call there may be records to send: answers of the handshake,
  // an alert.
  Received receive(char* to, std::size_t most, Peer peer);
  // False: not established, or broken.
  bool encrypt(std::span<const iovec> pieces);
  void say_close();  // close_notify, once; nothing is received afterwards

  bool established() const { return established_; }
  bool resumed() const { return resumed_; }
  bool speaks_h2() const { return h2_; }
  const char* version() const;           // "TLSv1.3"; a literal
  bool began() const { return began_; }  // a byte has come

 private:
  friend struct TlsCalls;  // OpenSSL's way in (tls.cc)
  void note_established();
  bool write(const void* bytes, std::size_t size);

  ssl_st* ssl_ = nullptr;
  TlsBuffers& buffers_;
  std::shared_ptr<const TlsTerms> terms_;  // until the handshake is over
  int fd_;
  Peer peer_ = Peer::Sends;
  bool dry_ = false;  // the socket was read to its end in this call
  bool eof_ = false;
  bool began_ = false;
  bool established_ = false;
  bool resumed_ = false;
  bool h2_ = false;
  bool heard_end_ = false;  // nothing more is received
  bool failed_ = false;     // nothing more is sent either
};

}  // namespace slipway::edge

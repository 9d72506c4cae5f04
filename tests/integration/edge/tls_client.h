#pragma once
// A TLS client for the edge's black-box tests (OpenSSL), and certificates for them.
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/edge/harness.h"

struct ssl_st;
struct ssl_session_st;

namespace slipway::edge::test {

using TlsTicket = std::shared_ptr<ssl_session_st>;

struct TlsWish {
  std::string name;                    // server name; empty: none is sent
  std::vector<std::string> protocols;  // for ALPN
  int version = 0;                     // 10, 11, 12, 13: this one only
  TlsTicket ticket;                    // to resume with
};

class TlsConnection : public Connection {
 public:
  TlsConnection(int port, const TlsWish& wish);
  ~TlsConnection() override;
  bool send(const std::string& bytes) override;
  bool is_open() const { return open_; }
  std::string problem() const { return problem_; }  // what OpenSSL said when it is not
  std::string version() const;
  std::string protocol() const;     // that was agreed on; empty: none
  std::string certificate() const;  // the common name of what the server showed
  bool resumed() const;
  TlsTicket ticket() const;  // after a read: TLS 1.3 gives it behind the handshake
  void
  ask_for_new_keys();  // TLS 1.3: goes out with what is sent next; the server changes its own too
  void renegotiate();  // TLS 1.2: the same
  void say_close();    // close_notify; the connection stays open for reading
  bool heard_close() const;  // the server sent close_notify

 private:
  bool fill() override;
  ssl_st* ssl_ = nullptr;
  bool open_ = false;
  std::string problem_;
};

// The name of the key that sealed it.
std::string key_name_of(const TlsTicket& ticket);

// Writes FOLDER/STEM.pem and FOLDER/STEM.key: the first name is the subject's, all are alternative
// names. Valid from two days ago, for so many days from now (negative: expired).
void write_certificate(const std::string& folder, const std::string& stem,
                       const std::vector<std::string>& names, int days = 30);
Json tls_of(const std::string& folder, const std::string& stem);  // for a service's "tls"

}  // namespace slipway::edge::test

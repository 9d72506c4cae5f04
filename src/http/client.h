#pragma once
// A small blocking HTTP/1.1 client for control sockets, probes and the command line. One connection
// per call; plain HTTP. Safe to use from several threads at a time.
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"

namespace slipway::http {

struct Call {
  std::string method = "GET";
  std::string target = "/";
  Fields fields;  // Host, Content-Length and Connection are added
  std::string body;
  Millis timeout{10'000};  // for the whole call, connecting included
  std::size_t max_body = 64 * 1024 * 1024;
};

// What the other side may have seen of a call that failed. Nothing: it was certainly not received.
enum class Sent { Nothing, Maybe };

class Client {
 public:
  static Client on_unix(std::string path);
  static Client on_tcp(std::string host, int port);

  // Any status is a Response; an Error is a transport's: Timeout, ConnectionLost, Malformed,
  // TooLarge, or whatever connecting gave. `sent` is written on failure only.
  Result<Response> request(const Call& call, Sent* sent = nullptr) const;

  // For a body that goes on: on_line gets each line without its line end (SSE, JSON lines, logs).
  // Ends well when on_line returns false or the body ends; Timeout when call.timeout passes without
  // a byte. Response::body is filled (and on_line not called) when the status is not 2xx.
  using OnLine = std::function<bool(std::string_view line)>;
  Result<Response> stream(const Call& call, const OnLine& on_line, Sent* sent = nullptr) const;

  const std::string& name() const { return name_; }  // for messages

 private:
  Client() = default;
  Result<io::Fd> connect(Millis timeout) const;
  std::string path_;
  std::string host_;
  int port_ = 0;
  std::string name_;
};

}  // namespace slipway::http

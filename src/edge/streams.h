#pragma once
// What an HTTP/2 connection is to its worker: a session, and a Stream for each request.
#include <unordered_map>

#include "edge/connection.h"
#include "edge/http2.h"

namespace slipway::edge {

class Worker;

class Http2Connection final : public Http2Session::Events {
 public:
  Http2Connection(Worker& worker, Client& client, const Http2Limits& limits)
      : session(limits, *this), worker_(worker), client_(client) {}

  void on_request(std::int32_t stream, std::string head, bool ends) override;
  void on_refused(std::int32_t stream, int status) override;
  void on_body(std::int32_t stream, std::string_view bytes) override;
  void on_body_end(std::int32_t stream) override;
  void on_closed(std::int32_t stream) override;
  std::size_t take_content(std::int32_t stream, char* to, std::size_t most, bool& last) override;

  Http2Session session;
  std::unordered_map<std::int32_t, Stream*> streams;
  std::vector<std::int32_t> awake;  // have something to do once the frames at hand are read
  bool touched = false;             // is in the worker's list
  bool leaving = false;             // told not to send new requests
  bool left = false;                // told which was the last
  std::uint64_t head_due_ms = 0;    // of a head under way; 0: none

 private:
  Stream* find(std::int32_t stream) const;
  Stream& add(std::int32_t stream);
  Worker& worker_;
  Client& client_;
};

}  // namespace slipway::edge

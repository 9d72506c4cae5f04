#pragma once
// What a worker keeps per connection and per request under way. All of it belongs to one worker's
// thread. An idle client connection holds no buffer: only these small objects.
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "edge/compress.h"
#include "edge/course.h"
#include "edge/log_line.h"
#include "edge/pace.h"
#include "edge/route_set.h"
#include "edge/routes.h"
#include "edge/tls.h"
#include "edge/websocket.h"
#include "edge/wheel.h"
#include "http/parser.h"
#include "io/fd.h"

namespace slipway::edge {

struct Exchange;
class Http2Connection;

// Something registered with epoll, once, edge-triggered, for both directions.
struct Socket {
  enum class Kind : std::uint8_t { Listener, Wake, Timer, Client, Stream, Upstream, Mirror };
  explicit Socket(Kind k) : kind(k) {}
  virtual ~Socket() = default;  // the graveyard deletes clients and upstreams as sockets
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  Kind kind;
  bool readable = false;   // there may be bytes: not yet read to the end since the last edge
  bool peer_done = false;  // the peer closed its side, or the connection broke
  bool broken = false;     // error or full hang-up: nothing can be sent either
  bool closed = false;     // waits in the worker's graveyard until this round of events is over
  io::Fd fd;
};

// A socket that connections are taken from. The descriptor is the worker's copy.
struct ListenSocket {
  int fd = -1;
  bool tls = false;
  bool proxy_protocol = false;
};

struct Listener : Socket {
  explicit Listener(const ListenSocket& at)
      : Socket(Kind::Listener), tls(at.tls), proxy_protocol(at.proxy_protocol) {}
  bool tls;
  bool proxy_protocol;
};

// Where a request is counted among those that run at once: names in the gate's counts.
struct Places {
  std::uint64_t names[4] = {};  // of the client and of all, in the service and in a route
  std::size_t size = 0;
  void add(std::uint64_t name) { names[size++] = name; }
};

struct Client : Socket {
  // Idle and Head read requests; Held waits in a pause; Busy has an exchange; Linger reads and
  // drops what the client still sends, so that the answer is not lost to a reset (RFC 9112
  // section 9.6); Http2 has streams instead, each of them a client of its own.
  enum class Phase : std::uint8_t { Idle, Head, Held, Busy, Linger, Http2 };
  explicit Client(Kind of = Kind::Client);
  ~Client() override;
  Phase phase = Phase::Idle;
  bool close_after_answer = false;
  bool sent_its_last = false;  // its request said "close", and all of it was read
  bool said_all = false;       // while it lingers: our side of the connection is ended
  bool reading = false;        // its requests are being read further up the stack
  bool secure = false;         // came in over TLS: the scheme is https
  bool begun = false;          // has sent something, so the protocol is known
  bool unwrapped = false;      // secure, and its TLS is over: nothing more is said or understood
  bool awaits_proxy_header = false;
  std::unique_ptr<Http2Connection> h2;
  std::unique_ptr<TlsSession> tls;  // from the first bytes of a secure client to its end
  Address peer;
  std::string in;   // bytes read and not used: an incomplete head, a held or pipelined request
  std::string out;  // bytes to the client that its socket did not take yet
  Exchange* exchange = nullptr;
  std::uint64_t counted_as = 0;  // its name in the count of connections per client; 0: none
  Deadline deadline;
  std::uint64_t held_until_ms = 0;  // 0: not held
  std::shared_ptr<ServiceRuntime> held_by;
  std::size_t lingered = 0;
  Client* before = nullptr;  // the worker's list of clients
  Client* after = nullptr;
};

// What was negotiated; before the handshake is over, false.
inline bool alpn_is_h2(const Client& client) { return client.tls && client.tls->speaks_h2(); }

// One request of an HTTP/2 connection. To the rest of the worker it is a client that sends a single
// HTTP/1.1 request; it has no descriptor, its bytes go through its connection (streams.cc).
struct Stream : Client {
  Stream(Client& of, std::int32_t number) : Client(Kind::Stream), connection(&of), id(number) {}
  Client* connection;
  std::int32_t id;
  std::string body;            // of the request, not yet used; bounded by the stream's window
  std::size_t body_taken = 0;  // of `body`
  bool body_done = false;
  std::size_t out_taken = 0;  // of `out`
  bool last_given = false;    // nothing comes after what is in `out`
  bool over = false;          // closed by the protocol: nothing can be said on it
};

inline Stream* stream_of(Client& client) {
  return client.kind == Socket::Kind::Stream ? static_cast<Stream*>(&client) : nullptr;
}

struct Upstream : Socket {
  Upstream() : Socket(Kind::Upstream) {}
  bool connected = false;
  bool reused = false;  // has served a request before this one
  TargetRuntime* target = nullptr;
  Exchange* exchange = nullptr;  // nullptr while it waits in the pool
  Deadline deadline;             // of its stay in the pool
};

// Why an attempt at a target ended without a usable response.
enum class Failure : std::uint8_t { ConnectRefused, ConnectTimeout, Closed, Timeout, Garbled };

// One request on its way: from its parsed head to the last byte of its response.
struct Exchange {
  Client* client = nullptr;
  Upstream* upstream = nullptr;
  // Keeps the table that routed the request alive; the rest points into it.
  std::shared_ptr<const Routes> routes;
  const RouteService* service = nullptr;
  const RoutePool* pool = nullptr;
  TargetRuntime* target = nullptr;  // counted in flight while set
  Course course;
  RouteMark route;

  // The request.
  std::string head;  // as it goes upstream; kept whole for a second attempt
  std::size_t head_sent = 0;
  std::string to_upstream;  // framed body bytes not yet taken
  http::BodyFraming request_framing;
  std::uint64_t request_left = 0;
  http::ChunkedDecoder request_chunks;
  bool request_done = false;  // the client's body has been read to its end
  bool may_repeat = false;    // idempotent and without a body
  bool is_head = false;
  bool wants_upgrade = false;
  bool upload_dead = false;  // this upstream takes no more of the request
  bool keep_alive = true;
  int minor = 1;
  TargetRuntime* gathered_for = nullptr;  // set while the whole body is waited for
  Pace upload_pace;
  Places places;

  // The response.
  std::string response_in;        // an incomplete response head
  bool response_started = false;  // a byte of the final response was given to the client's socket
  bool response_done = false;
  bool rechunk = false;  // the client gets chunks
  bool tunnel = false;
  bool websocket = false;
  http::BodyFraming response_framing;
  std::uint64_t response_left = 0;
  http::ChunkedDecoder response_chunks;
  bool upstream_reusable = false;
  int status = 0;
  std::size_t read_ahead = 0;          // how much may wait for the client before reading stops
  std::uint64_t reader_since_ms = 0;   // since when the client is waited for; 0: it is not
  std::uint64_t reader_looked_ms = 0;  // when it was last looked at, and what it had taken
  std::uint64_t reader_taken = 0;
  FrameTracker frames;                  // of a WebSocket, towards the client
  std::optional<Coding> coding;         // what the client would like the content to be encoded with
  std::unique_ptr<Compressor> encoder;  // while the response is being encoded
  bool encoded_whole = false;           // its content was encoded at once, with the head

  // Attempts.
  static constexpr int kMostAttempts = 6;
  int attempts = 0;
  bool repeated = false;  // the one retry after a stale pooled connection is used up
  TargetRuntime* tried[kMostAttempts] = {};
  const ReleaseRuntime* counted = nullptr;         // the release this request was last counted for
  std::array<const ReleaseRuntime*, 3> charged{};  // those that answered it badly

  std::uint64_t began_us = 0;
  std::uint64_t response_due_ms = 0;

  // For its line in the access log.
  RequestNote note;
  LogEnd end = LogEnd::Complete;
  int answered_status = 0;     // of an answer of the edge itself
  std::uint64_t head_us = 0;   // from its beginning to the head of the response
  Address behind_proxy;        // the client as a trusted proxy names it, for the log
  std::uint64_t bytes_in = 0;  // content of the request, and of a tunnel towards the target
  std::uint64_t bytes_out = 0;
  Exchange* before = nullptr;  // the worker's list of exchanges
  Exchange* after = nullptr;
};

}  // namespace slipway::edge

#pragma once
// One keep-alive connection of the generator: at most one request at a time.
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "load/response_reader.h"
#include "load/tally.h"
#include "load/ticks.h"

namespace slipway::load {

// What the socket did to the request that is on it.
enum class Step {
  Waiting,   // nothing is decided yet
  Answered,  // the whole answer is here; ask reader()
  Failed,    // see failure()
  Ended,     // the connection is gone while no request was on it
};

class Connection {
 public:
  enum class State { Closed, Connecting, Busy, Idle };

  ~Connection() { close(); }
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to connect; false when the system refuses at once. Owns the socket from then on.
  bool open(const sockaddr_storage& address, socklen_t length, int epoll_fd, std::uint64_t tag);
  // Puts a request on the connection, which must be Connecting or Idle.
  void assign(std::string request, Nanos scheduled);
  // Sends what can be sent now.
  Step write(Nanos now);
  // Epoll says something happened. `scratch` is where bytes are read to.
  Step ready(std::uint32_t events, std::string& scratch, Nanos now);
  // The answer was taken; true when the connection can carry another request.
  bool become_idle();
  void close();

  State state() const { return state_; }
  Failure failure() const { return failure_; }
  bool saw_stray_bytes() const { return saw_stray_; }
  const ResponseReader& reader() const { return reader_; }
  Nanos scheduled() const { return scheduled_; }
  Nanos sent() const { return sent_; }
  std::string_view request_line() const;

 private:
  Step fail(Failure failure);
  Step finish_connect(Nanos now);
  Step read(std::string& scratch, bool peer_closed);
  Step take(std::string_view bytes);
  Step end_of_stream(bool by_reset);

  int fd_ = -1;
  State state_ = State::Closed;
  Failure failure_ = Failure::None;
  bool answered_ = false;
  bool ended_ = false;
  bool saw_stray_ = false;
  std::string out_;
  std::size_t out_at_ = 0;
  Nanos scheduled_{};
  Nanos sent_{-1};
  ResponseReader reader_;
};

}  // namespace slipway::load

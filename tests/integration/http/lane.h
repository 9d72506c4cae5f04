#pragma once
// A lane: one real edge process, one upstream that the test plays itself, one client at a time.
// Everything happens in the calling thread, so what a case says is what happened, in that order.
// Lanes run beside each other.
#include <string>
#include <vector>

#include "io/fd.h"
#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {

// How a connection looks from the side that reads it.
enum class Ending { Open, Closed, Reset };

// A descriptor read into a buffer, with a deadline.
class Wire {
 public:
  Wire() = default;
  explicit Wire(int fd) : fd_(fd) {}
  bool open() const { return static_cast<bool>(fd_); }
  int fd() const { return fd_.get(); }
  bool send(const std::string& bytes) const { return write_all(fd_.get(), bytes); }
  // One read; false when nothing came in time or the connection has ended.
  bool fill(int ms = kPatienceMs);
  // Reads until the end; what the end looked like.
  Ending read_to_end(int ms = kPatienceMs);
  bool quiet(int ms);  // neither a byte nor an end comes
  void half_close() const;
  void close(bool with_reset = false);
  Ending ending() const { return ending_; }
  std::string in;
  int nth = 0;  // of the lane's upstream connections, from 1

  static constexpr int kPatienceMs = 5'000;

 private:
  io::Fd fd_;
  Ending ending_ = Ending::Open;
};

// What every request or response carries that no case wants to repeat is taken out: the fields the
// edge adds of its own, when they have the value they must have.
std::string without_own_request_fields(const std::string& head);
std::string without_date(const std::string& response);

class Lane {
 public:
  Lane();
  ~Lane();
  bool ready() const { return edge_.ready(); }
  Edge& edge() { return edge_; }

  Wire connect() const;
  // Waits until a whole request is there, on a new connection or a kept one, and takes its bytes
  // off the wire. nullptr: none came.
  Wire* next_request(std::string& bytes, int ms = Wire::kPatienceMs);
  // Waits until some upstream connection has bytes or an end, or a new one is made.
  Wire* any_upstream(int ms);
  bool upstream_untouched();  // no connection was made and no byte arrived
  void forget_upstreams();    // closes every upstream connection
  void close_upstream(Wire* wire, bool with_reset);

 private:
  void offer_services();
  TempDir state_;
  io::Fd listener_;
  int port_ = 0;
  Edge edge_;
  std::vector<std::unique_ptr<Wire>> upstreams_;
  int made_ = 0;
};

}  // namespace slipway::edge::test

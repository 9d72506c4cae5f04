#pragma once
// A tiny HTTP server for tests that misbehaves on purpose, as the path of a request asks:
//   /ok /chunked /slow    good answers of version 1.0.0 (/slow after 20 ms)
//   /app-error            500 of version 2.0.0          /gateway    502 that names no version
//   /drop                 closes without a byte         /truncate   closes inside the body
//   /malformed            no HTTP                       /extra      bytes after the answer
//   /silent               never answers                 /idle-close answers, closes without saying
//   so /close                answers with Connection: close
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace slipway::load {

class FaultyServer {
 public:
  FaultyServer();  // on 127.0.0.1, a free port
  ~FaultyServer();
  FaultyServer(const FaultyServer&) = delete;
  FaultyServer& operator=(const FaultyServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::uint64_t seen(const std::string& path);
  std::uint64_t connections() const { return accepted_; }
  std::vector<std::string> bodies();
  // True when the path was asked for at least once within five seconds.
  bool wait_for(const std::string& path);

 private:
  void accept_all();
  void serve(int fd);
  bool answer(int fd, const std::string& path);
  void note(const std::string& path, const std::string& body);

  int listen_fd_ = -1;
  int wake_fd_ = -1;  // readable from the moment of the end on
  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> accepted_ = 0;
  std::mutex mutex_;  // guards what follows
  std::map<std::string, std::uint64_t> seen_;
  std::vector<std::string> bodies_;
  std::vector<std::thread> serving_;
  std::thread accepting_;
};

}  // namespace slipway::load

#pragma once
// Load on an edge, in threads.
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {

// Clients that ask again and again; a request is failed when it gets no complete 200.
class Load {
 public:
  Load(int port, int clients) {
    for (int i = 0; i < clients; ++i) {
      threads_.emplace_back([this, port, i] {
        auto connection = std::make_unique<Connection>(port);
        for (int n = 0; !stop_; ++n) {
          const bool post = n % 5 == 0;
          const bool fresh = i % 2 == 0 && n % 3 == 0;
          if (fresh) connection = std::make_unique<Connection>(port);
          const std::string body = post ? "Content-Length: 5\r\n\r\nhello" : "\r\n";
          connection->send(std::string(post ? "POST" : "GET") + " /x HTTP/1.1\r\nHost: h\r\n" +
                           body);
          const Reply reply = connection->read();
          ++requests_;
          if (reply.status != 200 || !reply.complete) {
            ++failed_;
            const std::lock_guard<std::mutex> guard(lock_);
            if (first_failure_.empty())
              first_failure_ = std::to_string(reply.status) + (post ? " POST" : " GET") +
                               (fresh ? " fresh" : " kept");
          }
          if (reply.has("Connection: close") || reply.status == 0)
            connection = std::make_unique<Connection>(port);
        }
      });
    }
  }
  ~Load() { stop(); }
  void stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  bool reaches(int more) {
    const int wanted = requests_ + more;
    return eventually([&] { return requests_ >= wanted; });
  }
  int requests() const { return requests_; }
  int failed() const { return failed_; }
  std::string first_failure() {
    const std::lock_guard<std::mutex> guard(lock_);
    return first_failure_;
  }

 private:
  std::vector<std::thread> threads_;
  std::atomic<bool> stop_{false};
  std::atomic<int> requests_{0};
  std::atomic<int> failed_{0};
  std::mutex lock_;
  std::string first_failure_;
};

}  // namespace slipway::edge::test

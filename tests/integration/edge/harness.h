#pragma once
// What the edge's black-box tests stand on: the real process, scriptable upstreams, raw clients.
#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "io/fd.h"

namespace slipway::edge::test {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Reply {
  int status = 0;  // 0: the connection ended before a head
  std::string head;
  std::string body;
  bool complete = false;  // the body came to its end as its framing says
  bool has(const std::string& text) const { return head.find(text) != std::string::npos; }
};

// A raw client connection; every wait ends after five seconds.
class Connection {
 public:
  explicit Connection(int port);
  virtual ~Connection() = default;
  virtual bool send(const std::string& bytes);
  Reply read(const std::string& method = "GET");      // one response; interim ones are skipped
  Reply read_any(const std::string& method = "GET");  // interim ones too
  Reply get(const std::string& target, const std::string& fields = "Host: any\r\n");
  std::string read_bytes(std::size_t size);
  Reply read_behind(const std::string& read);  // the response that read_bytes() took the front of
  std::string read_to_end();
  bool ended();  // the edge closes it (true) or it stays silent
  void shut_down_sending();
  void reset();  // closes with RST
  int fd() const { return fd_.get(); }

 protected:
  virtual bool fill();
  io::Fd fd_;
  std::string in_;

 private:
  void read_body(const std::string& method, Reply& reply);
  void read_chunks(Reply& reply);
};

Reply get(int port, const std::string& target, const std::string& host = "any",
          const std::string& fields = {});
Reply request(int port, const std::string& bytes, const std::string& method = "GET");

// An upstream. Each connection has a thread; `serve` gets each request and answers on the
// descriptor; false closes the connection.
class App {
 public:
  struct Request {
    std::string method;
    std::string target;
    std::string head;
    std::string body;
    int nth = 0;  // on this connection, from 1
  };
  using Serve = std::function<bool(int fd, const Request& request)>;
  explicit App(std::string name, int port = 0);  // 200, body "NAME TARGET"
  explicit App(Serve serve);
  ~App();
  std::string address() const;
  int port() const { return port_; }
  int requests() const { return requests_; }
  int connections() const { return connections_; }
  void stop();  // closes the listener and every connection

 private:
  void open(int port);
  void accept_all();
  void talk(int fd);
  Serve serve_;
  io::Fd listener_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> requests_{0};
  std::atomic<int> connections_{0};
  std::thread acceptor_;
  std::mutex lock_;
  std::list<std::thread> talks_;
  std::vector<int> open_;
};
bool write_all(int fd, const std::string& bytes);
std::string ok_response(const std::string& body);

// The real edge process.
class Edge {
 public:
  explicit Edge(const std::string& state, std::vector<std::string> flags = {},
                const std::string& listen = "127.0.0.1:0");
  ~Edge();
  bool ready() const { return port_ > 0; }
  int port() const { return port_; }
  int tls_port() const { return tls_port_; }  // with the flag --listen-tls
  pid_t pid() const { return pid_; }
  std::string socket() const { return state_ + "/edge.sock"; }
  std::string said();   // everything on standard error so far
  int stop();           // SIGTERM; the exit code
  int wait_for_exit();  // -1: not within ten seconds
  void kill();          // SIGKILL
  Json call(const std::string& method, const std::string& target, const Json& body = {},
            int* status = nullptr);
  // Replaces the services of app/test; asserts that it worked.
  void put(const std::string& app, const Json& services);
  Json drains();

 private:
  void start(const std::vector<std::string>& flags, const std::string& listen);
  void collect();
  std::string state_;
  pid_t pid_ = -1;
  int port_ = 0;
  int tls_port_ = 0;
  io::Fd stderr_;
  std::thread collector_;
  std::mutex lock_;
  std::string said_;
  std::atomic<bool> settled_{false};
  std::atomic<bool> closed_{false};  // it has said its last
};

// {"name": name, "pools": [{"release": release, "weight": 10000, "targets": targets}]}
Json service(const std::string& name, const std::string& release,
             const std::vector<std::string>& targets);
Json list_of(std::vector<Json> items);
Json texts(const std::vector<std::string>& items);
// Asks until it is true, at most five seconds.
bool eventually(const std::function<bool()>& question);

}  // namespace slipway::edge::test

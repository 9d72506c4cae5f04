#pragma once
// The upstream behind the proxies that are compared, and the collector of their logs: one thread,
// one epoll, answers prepared beforehand, so that it takes little of the core it shares with the
// load. It holds several instances at a time, each with a port of its own; an instance that is
// closed takes its connections with it, as a process that ends does.
#include <sys/epoll.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace slipway::bench {

struct Instance {
  std::string name;
  int listener = -1;
  int port = 0;
  // Whole answers by path, head and body.
  std::unordered_map<std::string, std::string> ready;
};

// One connection. What is due later (a slow answer, the next event) is found by its number, so that
// a connection that has gone is simply not found.
struct Peer {
  std::uint64_t number = 0;
  int fd = -1;
  Instance* instance = nullptr;
  std::string in;
  std::string_view rest;  // of a ready answer, before `out`
  std::string out;
  bool waits = false;  // an answer is due later; requests behind it stay in `in`
  bool closing = false;
  bool websocket = false;
  std::uint64_t events_until_ms = 0;
};

class Upstream {
 public:
  Upstream();
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  // The port it listens on, 0 when that failed.
  int open(const std::string& name);
  void close(const std::string& name);
  // Datagrams that arrive at this unix socket are read and counted. False: it could not be bound.
  bool collect(const std::string& path);
  // Serves until standard input ends; its lines are the orders of README.md.
  void run();

 private:
  void on_order(const std::string& line);
  void read_orders();
  void accept_from(Instance& instance);
  void drain_log();
  void on_peer(Peer& peer, std::uint32_t events);
  void read_from(Peer& peer);
  void use_bytes(Peer& peer);
  bool take_request(Peer& peer);
  void serve(Peer& peer, std::string_view method, const std::string& path, std::size_t body);
  void begin_events(Peer& peer, std::uint64_t duration_ms);
  void echo_frames(Peer& peer);
  void give(Peer& peer, std::string_view bytes);
  void give_ready(Peer& peer, std::string_view answer);
  bool send_now(Peer& peer, std::string_view& bytes);
  void flush(Peer& peer);
  void after(std::uint64_t delay_ms, Peer& peer);
  void due(Peer& peer);
  int next_timeout() const;
  void run_timers();
  void drop(Peer& peer);

  int epoll_;
  int log_ = -1;
  bool running_ = true;
  std::string orders_;
  std::uint64_t requests_ = 0;
  std::uint64_t log_lines_ = 0;
  std::uint64_t next_number_ = 16;  // below: the tags of what is no connection
  std::map<std::string, std::unique_ptr<Instance>> instances_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Peer>> peers_;
  std::unordered_map<std::uint64_t, Instance*> listeners_;  // by epoll tag
  std::multimap<std::uint64_t, std::uint64_t> timers_;      // due at, number of the connection
};

}  // namespace slipway::bench

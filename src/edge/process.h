#pragma once
// One edge process: control loop, engine, table, and the two ends of a replacement. process.cc
// starts and stops it, predecessor.cc takes over from a running one, successor.cc hands over to a
// newer one.
#include <memory>
#include <optional>

#include "edge/channel.h"
#include "edge/control.h"
#include "edge/edge.h"
#include "io/event_loop.h"
#include "io/signals.h"

namespace slipway::edge {

class EdgeProcess {
 public:
  explicit EdgeProcess(EdgeOptions options);
  ~EdgeProcess();
  Result<void> run();

 private:
  struct Bound {
    std::string address;  // with the real port
    bool tls = false;
    io::Fd fd;
    std::string text() const { return tls ? "tls " + address : address; }
  };
  // process.cc
  Result<void> start();
  Result<void> open_listeners();
  Result<void> open_listener(const std::string& wanted, bool tls);
  std::vector<ListenSocket> listen_sockets() const;
  Result<Table> load_table();
  Result<void> check_places() const;
  std::string handover_path() const;
  Result<void> open_control_sockets();
  Result<io::Fd> listen_in_place(const std::string& path);
  void on_signal(int signal);
  void make_certificates();
  void turn_tickets();
  void reload_certificates();
  void tell_log_trouble();
  void reopen_log();
  void wait_until_done(bool may_idle, std::uint64_t idle_until_ms, std::uint64_t until_ms);
  void say(const std::string& line) const;
  std::vector<int> listener_fds() const;
  std::vector<std::string> addresses() const;

  Result<void> become_user();  // user.cc

  // predecessor.cc: the process this one takes over from
  Result<bool> ask_predecessor(Table& table);
  Result<void> tell_predecessor_serving();
  void on_predecessor();
  void tell_predecessor_table(const Table& table);
  std::size_t cut_at_predecessor(const std::string& app, const std::string& environment,
                                 const std::string& release);
  void take_predecessor_line(const Json& line);

  // successor.cc: the process that takes over from this one
  void on_successor_knocks();
  void on_successor();
  void offer_everything();
  void leave_to_successor();
  void report_to_successor(bool done);
  void forget_successor();

  EdgeOptions options_;
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<io::SignalSource> signals_;
  std::vector<Bound> listeners_;
  std::unique_ptr<AccessLog> access_log_;  // its rings outlive the workers
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Certificates> certificates_;
  std::unique_ptr<Tables> tables_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<http::Server> server_;
  io::Fd knocks_;  // edge-handover.sock
  std::optional<Channel> predecessor_;
  std::uint64_t predecessor_installed_ = 0;
  std::optional<std::size_t> predecessor_cut_;  // its answer to the last "cut"
  Json predecessor_news_;                       // what it said first
  std::optional<Channel> successor_;
  std::string log_trouble_;  // what was last said of the access log
  bool leaving_ = false;     // a successor serves, or a signal came
  bool handed_over_ = false;
};

}  // namespace slipway::edge

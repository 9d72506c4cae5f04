#pragma once
// The control API of docs/formats/edge-table.md: what a request on the control socket does. Lives
// on the control loop's thread.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "edge/checks.h"
#include "edge/tables.h"
#include "http/server.h"
#include "io/event_loop.h"

namespace slipway::edge {

struct ControlFacts {
  std::string version;
  std::vector<std::string> listen;
  unsigned workers = 1;
};

class Control {
 public:
  Control(io::EventLoop& loop, Engine& engine, Tables& tables, Certificates& certificates,
          ControlFacts facts);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  void answer(const http::Request& request, const std::shared_ptr<http::Responder>& responder);
  // What a predecessor counts while it drains; added to this process's own.
  struct Predecessor {
    bool alive = false;
    Stats stats;
    std::vector<DrainEntry> in_flight;
  };
  void set_predecessor(Predecessor predecessor);
  const Predecessor& predecessor() const { return predecessor_; }
  // Ends what drains in the predecessor and matches; how many requests.
  using Cut = std::function<std::size_t(const std::string& app, const std::string& environment,
                                        const std::string& release)>;
  void cut_predecessor_with(Cut cut) { cut_predecessor_ = std::move(cut); }
  void set_access_log(AccessLog* log) { access_log_ = log; }  // nullptr: there is none
  // This process's counters and its predecessor's. Routes are told of releases that are in the
  // table or drain; what was counted for others is kept, and told when they are back.
  Stats stats() const;

 private:
  struct Reply {
    int status = 200;
    std::string body;
    std::string_view content_type = "application/json";
  };
  using Call = Reply (Control::*)(const http::Request& request,
                                  const std::vector<std::string>& names);
  Reply route(const http::Request& request);
  Reply get_edge(const http::Request& request, const std::vector<std::string>& names);
  Reply get_table(const http::Request& request, const std::vector<std::string>& names);
  Reply put_table(const http::Request& request, const std::vector<std::string>& names);
  Reply get_app(const http::Request& request, const std::vector<std::string>& names);
  Reply put_app(const http::Request& request, const std::vector<std::string>& names);
  Reply delete_app(const http::Request& request, const std::vector<std::string>& names);
  Reply get_drain(const http::Request& request, const std::vector<std::string>& names);
  Reply post_drain(const http::Request& request, const std::vector<std::string>& names);
  Reply post_reload(const http::Request& request, const std::vector<std::string>& names);
  Reply get_targets(const http::Request& request, const std::vector<std::string>& names);
  Reply get_stats(const http::Request& request, const std::vector<std::string>& names);
  Reply get_metrics(const http::Request& request, const std::vector<std::string>& names);
  Reply reopen_logs(const http::Request& request, const std::vector<std::string>& names);
  Reply refuse(const Error& error, std::uint64_t version, std::uint64_t epoch) const;
  Json access_log_json() const;
  Json app_json(const std::string& app, const std::string& environment) const;
  Json stats_json() const;
  std::vector<DrainEntry> drains() const;
  bool gets_requests(const DrainEntry& entry) const;
  void stream_stats(const http::Request& request,
                    const std::shared_ptr<http::Responder>& responder);
  void push_stats(const std::shared_ptr<http::Responder>& responder, Millis every);
  void tick_drains();

  io::EventLoop& loop_;
  Engine& engine_;
  Tables& tables_;
  Certificates& certificates_;
  ControlFacts facts_;
  HealthWatch health_;
  Predecessor predecessor_;
  Cut cut_predecessor_;
  AccessLog* access_log_ = nullptr;
  io::EventLoop::TimerId drain_timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // timers of streams outlive nothing
};

}  // namespace slipway::edge

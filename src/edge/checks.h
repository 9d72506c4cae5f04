#pragma once
// The edge asks the targets of a service by itself, from the control thread: never in a worker.
// What it finds is TargetRuntime::sick, which every worker reads.
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "edge/routes.h"
#include "io/event_loop.h"

namespace slipway::edge {

class HealthWatch {
 public:
  explicit HealthWatch(io::EventLoop& loop);
  ~HealthWatch();
  HealthWatch(const HealthWatch&) = delete;
  HealthWatch& operator=(const HealthWatch&) = delete;
  // Watches the targets of this table, and no others. Cheap when it is the one it has.
  void follow(const std::shared_ptr<const Routes>& routes);

 private:
  struct Watched;
  void add(const std::shared_ptr<TargetRuntime>& target, const Service& service);
  void ask_later(Watched& watched, Millis delay);
  void ask(Watched& watched);
  void on_ready(Watched& watched, std::uint32_t events);
  void conclude(Watched& watched, bool answered_well);
  void hang_up(Watched& watched);

  io::EventLoop& loop_;
  std::shared_ptr<const Routes> routes_;
  std::unordered_map<TargetRuntime*, std::unique_ptr<Watched>> watched_;
};

// One step of counting answers in a row: the new value of "sick".
struct HealthCount {
  int in_a_row = 0;  // answers of the other kind than what is believed
  bool take(bool answered_well, bool sick, const HealthChecks& rule);
};

}  // namespace slipway::edge

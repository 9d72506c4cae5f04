#pragma once
// Alarms: lets the alert rules of an environment look at what was just read of it, and tells what
// fires and what is over. One thread's own. What fires is kept in the store, so that a new daemon
// neither tells it again nor forgets to say that it is over.
#include <map>
#include <string>

#include "alerts/alerts.h"
#include "daemon/house.h"

namespace slipway::daemon {

class Alarms {
 public:
  explicit Alarms(House& house) : house_(house) {}
  void consider(const ports::AppRef& app, const config::Environment& settings,
                const alerts::Reading& reading);

 private:
  using Memories = std::map<std::string, alerts::Memory>;  // by the rule's name
  struct Scene {
    const ports::AppRef& app;
    const config::Environment& settings;
    std::int64_t now_ms;
  };
  Result<void> look(const Scene& scene, const alerts::Reading& reading);
  Result<void> carry_out(const Scene& scene, const config::AlertRule& rule,
                         const alerts::Change& change, alerts::Memory& memory);
  Result<void> drop_unknown(const Scene& scene, Memories& memories);
  Result<void> tell(const Scene& scene, const config::AlertRule& rule, const alerts::Change& change,
                    std::int64_t fired_ms);
  Result<Memories*> memories_of(const ports::AppRef& app);
  Result<void> keep(const ports::AppRef& app);

  House& house_;
  std::map<ports::AppRef, Memories> memories_;
  std::map<ports::AppRef, Json> kept_;  // as the store has it
};

}  // namespace slipway::daemon

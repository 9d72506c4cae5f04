#include "config/hook.h"

#include <fmt/core.h>

#include "config/scene.h"

namespace slipway::config {

Json to_json(const Hook& hook) {
  return Json::object()
      .set("at", hook.stage)
      .set("run", hook.run)
      .set("timeout_ms", hook.timeout.count())
      .set("deadline_ms", hook.deadline.count());
}

Hook hook_from_json(const Json& json) {
  Hook out;
  out.stage = json.text("at");
  out.run = json.text("run");
  out.timeout = Millis(json.integer("timeout_ms", out.timeout.count()));
  out.deadline = Millis(json.integer("deadline_ms", out.deadline.count()));
  return out;
}

void check_hooks(const Scene& scene) {
  for (const auto& hook : scene.at("hooks").items) {
    if (!hook.is_map()) continue;
    for (const auto& [key, example] :
         {std::pair("at", "at: before_shift"), std::pair("run", "run: ./warm-up.sh")}) {
      if (hook.find(key) != nullptr) continue;
      scene.problems.add(hook.at, fmt::format("an item of 'hooks' has no '{}'", key),
                         fmt::format("add it, for example {}", example));
    }
  }
}

}  // namespace slipway::config

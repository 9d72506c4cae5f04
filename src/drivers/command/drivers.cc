#include "drivers/command/drivers.h"

#include "drivers/command/wire.h"
#include "ports/split_json.h"

namespace slipway::drivers::command {
namespace {
Json about(std::string_view call, const ports::AppRef& app) {
  return request(call).set("app", app.app).set("environment", app.environment);
}

std::vector<ports::Finding> look_before(const Caller& caller, std::string_view part,
                                        const plan::Plan& plan) {
  const auto answer =
      caller.ask(request("preflight").set("for", part).set("plan", plan::to_json(plan)));
  const auto findings =
      answer ? findings_of(*answer) : Result<std::vector<ports::Finding>>(answer.error());
  if (findings) return *findings;
  return {{ports::Finding::Weight::Blocks, findings.error()}};
}

class CommandInstances final : public ports::Instances {
 public:
  CommandInstances(Caller caller, plan::Capabilities can)
      : caller_(std::move(caller)), can_(std::move(can)) {}

  plan::Capabilities capabilities() const override { return can_; }
  std::vector<ports::Finding> preflight(const plan::Plan& plan) override {
    return look_before(caller_, "platform", plan);
  }
  Result<ports::SlotView> observe(const ports::Slot& slot) override {
    return slot_view_of(TRY(caller_.ask(request("observe").set("slot", to_json(slot)))));
  }
  ports::Outcome ensure(const ports::Slot& slot, const ports::WorkloadSpec& spec, int count,
                        const OpId& op) override {
    return caller_.tell(request("ensure")
                            .set("slot", to_json(slot))
                            .set("spec", ports::to_json(spec))
                            .set("count", count)
                            .set("op", op.text()));
  }
  ports::Outcome retire(const ports::Slot& slot, const OpId& op) override {
    return caller_.tell(request("retire").set("slot", to_json(slot)).set("op", op.text()));
  }
  Result<std::vector<ports::Slot>> slots(const std::string& app,
                                         const std::string& environment) override {
    return slots_of(TRY(caller_.ask(about("slots", {app, environment}))));
  }
  ports::Outcome run_once(const ports::TaskSpec& task, const OpId& op) override {
    return caller_.tell(request("run_once").set("task", to_json(task)).set("op", op.text()));
  }
  Result<ports::TaskView> observe_once(const OpId& op) override {
    return task_view_of(TRY(caller_.ask(request("observe_once").set("op", op.text()))));
  }
  Result<std::vector<std::string>> output(const ports::Slot& slot, int lines) override {
    return TRY(caller_.ask(request("output").set("slot", to_json(slot)).set("lines", lines)))
        .strings("lines");
  }

 private:
  Caller caller_;
  plan::Capabilities can_;
};

class CommandRouter final : public ports::Router {
 public:
  CommandRouter(Caller caller, plan::Capabilities can)
      : caller_(std::move(caller)), can_(std::move(can)) {}

  plan::Capabilities capabilities() const override { return can_; }
  std::vector<ports::Finding> preflight(const plan::Plan& plan) override {
    return look_before(caller_, "router", plan);
  }
  Result<ports::SplitView> observe_split(const ports::AppRef& app) override {
    return split_view_of(TRY(caller_.ask(about("observe_split", app))));
  }
  ports::Outcome set_split(const ports::AppRef& app, const ports::Split& want,
                           const std::string& expected, std::uint64_t epoch,
                           const OpId& op) override {
    return caller_.tell(about("set_split", app)
                            .set("split", to_json(want))
                            .set("expected", expected)
                            .set("epoch", epoch)
                            .set("op", op.text()));
  }
  Result<ports::DrainView> observe_drain(const ports::AppRef& app) override {
    return drain_view_of(TRY(caller_.ask(about("observe_drain", app))));
  }

 private:
  Caller caller_;
  plan::Capabilities can_;
};

class CommandCounters final : public ports::Counters {
 public:
  explicit CommandCounters(Caller caller) : caller_(std::move(caller)) {}
  Result<ports::Counts> read(const ports::AppRef& app, const std::string& release) override {
    return counts_of(TRY(caller_.ask(about("counts", app).set("release", release))));
  }

 private:
  Caller caller_;
};
}  // namespace

Result<std::unique_ptr<ports::Instances>> make_platform(Settings settings) {
  Caller caller(std::move(settings));
  const Json can = TRY(caller.ask(request("capabilities").set("for", "platform")));
  return std::unique_ptr<ports::Instances>(
      std::make_unique<CommandInstances>(std::move(caller), platform_capabilities_of(can)));
}

Result<std::unique_ptr<ports::Router>> make_router(Settings settings) {
  Caller caller(std::move(settings));
  const Json can = TRY(caller.ask(request("capabilities").set("for", "router")));
  return std::unique_ptr<ports::Router>(
      std::make_unique<CommandRouter>(std::move(caller), router_capabilities_of(can)));
}

std::unique_ptr<ports::Counters> make_counters(Settings settings) {
  return std::make_unique<CommandCounters>(Caller(std::move(settings)));
}

}  // namespace slipway::drivers::command

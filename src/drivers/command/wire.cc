#include "drivers/command/wire.h"

#include <algorithm>

#include "ports/split_json.h"

namespace slipway::drivers::command {
namespace {
constexpr std::int64_t kFormat = 1;

Error malformed(const std::string& why) {
  return Error(Code::Malformed, "the command's answer is not understood: " + why,
               "compare it with docs/formats/command-driver.md");
}

// What decides must be there; an answer without it is a mistake in the script, not "nothing".
Result<const Json*> array_member(const Json& answer, std::string_view key) {
  const Json* found = answer.find(key);
  if (found == nullptr || !found->is_array())
    return malformed("no array \"" + std::string(key) + "\"");
  return found;
}

template <class Value>
Result<Value> named(const Json& json, std::string_view key, std::initializer_list<Value> values) {
  const std::string text = json.text(key);
  for (const Value value : values) {
    if (ports::name_of(value) == text) return value;
  }
  return malformed("\"" + std::string(key) + "\" is \"" + text + "\"");
}

ports::Slot slot_of(const Json& json) {
  return {json.text("app"), json.text("environment"), json.text("service"), json.text("release")};
}

Result<ports::Instance> instance_of(const Json& json) {
  using State = ports::InstanceState;
  ports::Instance instance;
  instance.id = json.text("id");
  instance.index = static_cast<int>(json.integer("index"));
  instance.address = json.text("address");
  instance.state =
      TRY(named(json, "state",
                {State::Starting, State::Running, State::Draining, State::Failed, State::Gone}));
  instance.restarts = static_cast<int>(json.integer("restarts"));
  instance.op = json.text("op");
  instance.why = json.text("why");
  return instance;
}

std::uint64_t count_in(const Json& json, std::string_view key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, json.integer(key)));
}
}  // namespace

Json request(std::string_view call) {
  return Json::object().set("slipway", kFormat).set("call", call);
}

Json to_json(const ports::Slot& slot) {
  return Json::object()
      .set("app", slot.app)
      .set("environment", slot.environment)
      .set("service", slot.service)
      .set("release", slot.release);
}

Json to_json(const ports::TaskSpec& task) {
  return Json::object()
      .set("name", task.name)
      .set("spec", ports::to_json(task.workload))
      .set("timeout_ms", std::int64_t{task.timeout.count()});
}

Error error_of(const Json& error) {
  Code code = code_named(error.text("code"));
  // Internal is our own bug; a script's word for something unknown to us is a failed command.
  if (code == Code::Internal) code = Code::CommandFailed;
  std::string what = error.text("what");
  if (what.empty()) what = "the command reported a failure without saying what";
  return Error(code, std::move(what), error.text("next"));
}

ports::Outcome outcome_of(const Json& answer) {
  const std::string outcome = answer.text("outcome");
  if (outcome == "applied") return ports::Outcome::applied();
  if (outcome == "not_applied") return ports::Outcome::not_applied(error_of(answer.at("error")));
  if (outcome == "unknown") return ports::Outcome::unknown(error_of(answer.at("error")));
  if (answer.find("error") != nullptr) return ports::Outcome::unknown(error_of(answer.at("error")));
  return ports::Outcome::unknown(malformed("\"outcome\" is \"" + outcome + "\""));
}

plan::Capabilities platform_capabilities_of(const Json& answer) {
  plan::Capabilities can;
  can.side_by_side = answer.flag("side_by_side");
  can.addressable = answer.flag("addressable");
  can.one_off = answer.flag("one_off");
  can.third_share = answer.flag("third_share");
  can.platform_name = answer.text("name", "command");
  return can;
}

plan::Capabilities router_capabilities_of(const Json& answer) {
  plan::Capabilities can;
  can.weights = answer.flag("weights");
  can.drain = answer.flag("drain");
  can.maintenance = answer.flag("maintenance");
  can.metrics = answer.flag("metrics");
  can.third_share = answer.flag("third_share");
  can.edge_settings = answer.strings("edge_settings");
  can.router_name = answer.text("name", "command");
  return can;
}

Result<std::vector<ports::Finding>> findings_of(const Json& answer) {
  std::vector<ports::Finding> findings;
  const Json* items = TRY(array_member(answer, "findings"));
  for (const auto& item : items->items()) {
    using Weight = ports::Finding::Weight;
    const Weight weight = item.text("weight") == "warns" ? Weight::Warns : Weight::Blocks;
    findings.push_back({weight, error_of(item.at("error"))});
  }
  return findings;
}

Result<ports::SlotView> slot_view_of(const Json& answer) {
  ports::SlotView view;
  const Json* items = TRY(array_member(answer, "instances"));
  for (const auto& item : items->items()) view.instances.push_back(TRY(instance_of(item)));
  std::stable_sort(view.instances.begin(), view.instances.end(),
                   [](const auto& a, const auto& b) { return a.index < b.index; });
  return view;
}

Result<std::vector<ports::Slot>> slots_of(const Json& answer) {
  std::vector<ports::Slot> slots;
  const Json* items = TRY(array_member(answer, "slots"));
  for (const auto& item : items->items()) slots.push_back(slot_of(item));
  return slots;
}

Result<ports::TaskView> task_view_of(const Json& answer) {
  using State = ports::TaskView::State;
  constexpr std::pair<std::string_view, State> kStates[] = {{"missing", State::Missing},
                                                            {"running", State::Running},
                                                            {"succeeded", State::Succeeded},
                                                            {"failed", State::Failed}};
  const std::string text = answer.text("state");
  for (const auto& [name, state] : kStates) {
    if (name != text) continue;
    return ports::TaskView{state, static_cast<int>(answer.integer("exit_code")),
                           answer.text("last_lines")};
  }
  return malformed("\"state\" is \"" + text + "\"");
}

Result<ports::Split> split_of(const Json& json) {
  auto split = ports::split_from_json(json);
  if (!split) return malformed(split.error().what);
  return split;
}

Result<ports::SplitView> split_view_of(const Json& answer) {
  const Json* version = answer.find("version");
  if (version == nullptr || !version->is_string()) return malformed("no text \"version\"");
  ports::SplitView view;
  view.version = version->as_string();
  if (!view.version.empty() || answer.at("split").is_object())
    view.split = TRY(split_of(answer.at("split")));
  view.epoch = count_in(answer, "epoch");
  view.op = answer.text("op");
  view.settled = answer.flag("settled", true);
  return view;
}

Result<ports::DrainView> drain_view_of(const Json& answer) {
  ports::DrainView view;
  const Json* items = TRY(array_member(answer, "draining"));
  for (const auto& item : items->items()) {
    view.draining.push_back({item.text("service"), item.text("release"), item.text("address"),
                             item.integer("in_flight")});
  }
  return view;
}

namespace {
constexpr std::size_t kMostRoutes = 65;  // 64 by name, and the others

Result<ports::LatencyCounts> latency_of(const Json& answer) {
  ports::LatencyCounts latency_us;
  for (const auto& pair : answer.at("latency_us").items()) {
    const auto& bucket = pair.items();
    if (bucket.size() != 2 || !bucket[0].is_int() || !bucket[1].is_int()) {
      return malformed("\"latency_us\" must hold pairs of numbers");
    }
    latency_us.emplace_back(static_cast<std::uint32_t>(bucket[0].as_int()),
                            static_cast<std::uint64_t>(bucket[1].as_int()));
  }
  return latency_us;
}

Result<ports::RouteCounts> route_counts_of(const Json& answer) {
  const std::string route = answer.text("route");
  if (route.empty() || !answer.at("requests").is_int())
    return malformed("each of \"routes\" needs a text \"route\" and a number \"requests\"");
  return ports::RouteCounts{route, count_in(answer, "requests"), count_in(answer, "errors"),
                            TRY(latency_of(answer))};
}
}  // namespace

Result<ports::Counts> counts_of(const Json& answer) {
  if (!answer.at("requests").is_int()) return malformed("no number \"requests\"");
  ports::Counts counts;
  counts.requests = count_in(answer, "requests");
  counts.errors = count_in(answer, "errors");
  counts.latency_us = TRY(latency_of(answer));
  for (const auto& route : answer.at("routes").items())
    counts.routes.push_back(TRY(route_counts_of(route)));
  if (counts.routes.size() > kMostRoutes)
    return malformed("\"routes\" has more than " + std::to_string(kMostRoutes) + " of them");
  std::sort(counts.routes.begin(), counts.routes.end(),
            [](const auto& a, const auto& b) { return a.route < b.route; });
  return counts;
}

}  // namespace slipway::drivers::command

#pragma once
// What the verbs ask of a running edge: one service of an app in the environment "edge", read,
// changed and written back.
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "edge/table.h"

namespace slipway::edge::verbs {

inline constexpr const char* kEnvironment = "edge";
inline constexpr const char* kServiceName = "web";
inline constexpr int kMostConflicts = 5;
inline constexpr Millis kDrainSlack{2'000};  // the edge's own deadline comes first

// The targets of a rollout are a release of their own, behind the deployed one.
bool is_rollout(const Pool& pool);
std::string fresh_rollout();

Millis now();
void rest(Millis time);  // there is nothing to wait for but the time
// The control API's answer; its refusals become the errors they were.
Result<Json> call(const std::string& socket, const std::string& method, const std::string& target,
                  const std::string& body = {});
std::string app_target(const std::string& name);

struct Known {
  std::int64_t version = 0;
  std::int64_t epoch = 0;
  bool exists = false;
  Service service;
};
Result<Known> read_app(const std::string& name, const std::string& socket);

enum class Commit { Try, Keep };
Result<void> write_app(const std::string& name, const Known& known, const Service& service,
                       Commit commit, const std::string& socket);

// Reads, changes and writes; tries again when somebody else wrote in between.
using Edit = std::function<Result<void>(Service&)>;
Result<void> edit_app(const std::string& name, const std::string& socket, const Edit& edit);

// Until nothing runs at targets that get no new requests; what still does at the end is ended.
Result<void> wait_for_drain(const std::string& name, Millis most, const std::string& socket);

// Every target has answered its health check with 2xx.
struct HealthQuestion {
  std::string path;
  std::string host;  // empty: the target's address
  int port = 0;      // 0: the target's own
  Millis interval{1'000};
  Millis timeout{5'000};
  Millis deploy_timeout{30'000};
  std::function<void(const std::string&)> say;
};
Result<void> wait_until_healthy(const HealthQuestion& question,
                                const std::vector<std::string>& targets);

}  // namespace slipway::edge::verbs

// Are the new targets well? Asked before anything is switched.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "edge/verb_calls.h"
#include "http/client.h"
#include "io/socket.h"

namespace slipway::edge::verbs {
namespace {

// Empty when the target answered 2xx, else what was wrong.
std::string wrong_with(const HealthQuestion& question, const std::string& target) {
  auto at = io::parse_host_port(target);
  if (!at) return at.error().what;
  http::Call request;
  request.target = question.path;
  request.timeout = question.timeout;
  if (!question.host.empty()) request.fields.push_back({"Host", question.host});
  const int port = question.port > 0 ? question.port : at->port;
  const auto response = http::Client::on_tcp(at->host, port).request(request);
  if (!response) return response.error().what;
  if (response->status >= 200 && response->status < 300) return {};
  return fmt::format("{} answered {}", question.path, response->status);
}

}  // namespace

Result<void> wait_until_healthy(const HealthQuestion& question,
                                const std::vector<std::string>& targets) {
  const Millis until = now() + question.deploy_timeout;
  std::vector<std::string> waiting = targets;
  std::string last;
  while (true) {
    std::erase_if(waiting, [&](const std::string& target) {
      const std::string wrong = wrong_with(question, target);
      if (!wrong.empty()) last = fmt::format("{}: {}", target, wrong);
      return wrong.empty();
    });
    if (waiting.empty()) return ok();
    if (question.say) question.say("not healthy yet: " + last);
    if (now() + question.interval > until) break;
    rest(question.interval);
  }
  return Error(
      Code::NeverHealthy,
      fmt::format("{} of {} did not become healthy within {}; {}", join(waiting, ", "),
                  count_of(static_cast<long long>(targets.size()), "target"),
                  to_text(question.deploy_timeout), last),
      "look at its log, or give another --health-check-path; what served before still does");
}

}  // namespace slipway::edge::verbs

#include "drivers/http_probe/probe.h"

#include "drivers/http_probe/ask.h"
#include "drivers/http_probe/health_document.h"

namespace slipway::drivers::http_probe {
namespace {
bool is_success(int status) { return status >= 200 && status < 300; }

ports::ProbeView view_of(const http::Response& response, const std::string& path) {
  const HealthReport report = read_health(response.body);
  ports::ProbeView view;
  view.parts = report.parts;
  view.healthy = is_success(response.status) && (!report.understood || report.healthy);
  if (view.healthy) return view;
  view.why = std::to_string(response.status) + " from " + path;
  if (!report.why.empty()) view.why += ": " + report.why;
  return view;
}

class HttpProbe final : public ports::Probe {
 public:
  ports::ProbeView look(const std::string& address, const config::Health& health) override {
    const std::string& path = health.ready_path.empty() ? health.path : health.ready_path;
    ports::ProbeView view;
    view.healthy = path.empty();
    if (path.empty()) return view;
    const auto response = ask(address, path, health.host, health.timeout);
    if (response) return view_of(*response, path);
    view.why = "no answer from http://" + address + path + ": " + response.error().what;
    return view;
  }
};
}  // namespace

std::unique_ptr<ports::Probe> make_probe() { return std::make_unique<HttpProbe>(); }

}  // namespace slipway::drivers::http_probe

#include "daemon/renewals.h"

#include "http/client.h"
#include "io/child.h"
#include "io/environment.h"
#include "io/files.h"

namespace slipway::daemon {
namespace {
constexpr Millis kFirst{60'000};
constexpr Millis kStep{500};
constexpr Millis kMostTime{15 * 60'000};
constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kWarnDays = 14;
}  // namespace

Millis until_next_renewal(Random& random) {
  constexpr std::uint64_t kSpreadMinutes = 4 * 60;
  return Millis((600 + static_cast<std::int64_t>(random.next() % kSpreadMinutes)) * kMinute);
}

std::vector<std::string> expiry_warnings(const Json& edge) {
  std::vector<std::string> out;
  for (const Json& entry : edge.at("certificates").items()) {
    const std::int64_t seconds = entry.integer("expires_in_s");
    if (entry.find("expires_in_s") == nullptr || seconds > kWarnDays * kDaySeconds) continue;
    const std::string when = seconds <= 0
                                 ? " has expired"
                                 : " expires in " + std::to_string(seconds / kDaySeconds) + " days";
    out.push_back("the certificate " + entry.text("certificate") + when + ", at " +
                  entry.text("expires_at"));
  }
  return out;
}

void Renewals::start() {
  thread_ = std::thread([this] { work(); });
}

void Renewals::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Renewals::rest(Millis time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return closing_; });
  return !closing_;
}

void Renewals::work() {
  for (Millis pause = kFirst; rest(pause); pause = until_next_renewal(house_.random)) {
    renew();
    look_at_expiry();
  }
}

void Renewals::renew() {
  if (!io::is_dir(house_.state + "/certbot/renewal")) return;
  io::ChildSpec child;
  child.argv = {io::real_path("/proc/self/exe").value_or("slipway"),
                "edge",
                "certificate",
                "renew",
                "--state",
                house_.state};
  child.environment = io::own_environment();
  const auto started = io::spawn(child);
  if (!started) return house_.log.warning("daemon", started.error().in("renewing").sentence());
  auto ended = io::wait_for(*started, kStep);
  for (Millis spent = kStep; !ended && ended.error().code == Code::Timeout && spent < kMostTime;
       spent += kStep) {
    if (!rest(Millis(0))) return;
    ended = io::wait_for(*started, kStep);
  }
  if (ended && ended->succeeded()) return;
  house_.log.warning("daemon", "certificates were not renewed: look at " + house_.state +
                                   "/certbot/log/letsencrypt.log, or run slipway edge certificate "
                                   "renew to see why");
}

void Renewals::look_at_expiry() {
  http::Call call;
  call.target = "/v1/edge";
  const auto answer = http::Client::on_unix(house_.state + "/edge.sock").request(call);
  if (!answer) return;  // no edge here
  const auto edge = Json::parse(answer->body);
  if (!edge) return;
  for (const std::string& warning : expiry_warnings(*edge)) house_.log.warning("daemon", warning);
}

}  // namespace slipway::daemon

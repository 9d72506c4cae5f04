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

int Expiring::stage() const {
  for (const int days : {0, 1, 3, 7}) {
    if (seconds <= days * kDaySeconds) return days;
  }
  return kWarnDays;
}

std::vector<Expiring> expiring_certificates(const Json& edge) {
  std::vector<Expiring> out;
  for (const Json& entry : edge.at("certificates").items()) {
    const std::int64_t seconds = entry.integer("expires_in_s");
    if (entry.find("expires_in_s") == nullptr || seconds > kWarnDays * kDaySeconds) continue;
    const std::string when = seconds <= 0
                                 ? " has expired"
                                 : " expires in " + std::to_string(seconds / kDaySeconds) + " days";
    Expiring one{entry.text("certificate"), entry.text("expires_at"), seconds, ""};
    one.text = "the certificate " + one.certificate + when + ", at " + one.expires_at;
    out.push_back(std::move(one));
  }
  return out;
}

namespace {
bool is_served_with(const config::Environment& settings, const std::string& certificate) {
  for (const auto& service : settings.services) {
    const Json& tls = service.edge.at("tls");
    if (tls.text("certificate") == certificate) return true;
    for (const auto& more : tls.at("more").items()) {
      if (more.text("certificate") == certificate) return true;
    }
  }
  return false;
}
}  // namespace

std::optional<ports::Telling> telling_of(const Expiring& expiring, const ports::AppRef& app,
                                         const config::Environment& settings, std::int64_t now_ms) {
  constexpr int kGrave = 3;  // days
  if (!is_served_with(settings, expiring.certificate)) return std::nullopt;
  ports::Telling out;
  auto& notice = out.notice;
  notice.kind = "certificate";
  notice.subject = app.app + "/" + app.environment + "/certificate/" + expiring.certificate;
  notice.key = notice.subject + "/" + expiring.expires_at + "/" + std::to_string(expiring.stage());
  notice.severity =
      expiring.stage() <= kGrave ? ports::Severity::Critical : ports::Severity::Warning;
  notice.app = app.app;
  notice.environment = app.environment;
  notice.at_ms = now_ms;
  notice.text = app.app + " " + app.environment + ": " + expiring.text;
  notice.facts = {{"certificate", expiring.certificate},
                  {"expires", expiring.expires_at},
                  {"next", "put a newer one there, then: slipway edge reload"}};
  if (!settings.url.empty()) notice.links.emplace_back("Open the app", settings.url);
  for (const auto* channel : config::channels_for(settings.channels, settings.notify, notice.kind))
    out.to.push_back({channel->name, config::to_json(*channel)});
  return out;
}

// Whether an environment is served with it; those that are, are told once of each stage.
Result<bool> Renewals::tell(const Expiring& expiring) {
  bool served = false;
  for (const auto& app : TRY(lookout_.apps())) {
    const auto settings = lookout_.settings(app);
    if (!settings) continue;
    const auto telling = telling_of(expiring, app, *settings, house_.now_ms());
    if (!telling) continue;
    served = true;
    TRY(house_.store.tell(*telling));
  }
  return served;
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
  child.argv = {io::own_program(), "edge", "certificate", "renew", "--state", house_.state};
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
  for (const auto& one : expiring_certificates(*edge)) {
    const auto told = tell(one);
    if (!told) house_.log.warning("daemon", told.error().in("telling of a certificate").sentence());
    if (told && !*told) house_.log.warning("daemon", one.text);
  }
}

}  // namespace slipway::daemon

#include "app/resting.h"

#include <fmt/core.h>
#include <poll.h>

#include "http/message.h"
#include "io/clock.h"

namespace slipway::app {
namespace {
constexpr int kLookMs = 50;
constexpr std::int64_t kDaemonBackWithin_us = 60'000'000;
constexpr std::int64_t kPatience_us =
    1'800'000'000;  // drain, stop and start have limits of their own

Stand stand_of(const Json& json) {
  Stand out;
  out.is_on = json.flag("on");
  out.phase = json.text("phase");
  out.why = json.text("why");
  out.by = json.text("by");
  out.trouble = json.text("trouble");
  out.waits = json.text("problem").empty() ? json.text("waits_for") : json.text("problem");
  out.note = json.at("note");
  return out;
}
}  // namespace

Result<std::optional<Resting>> Resting::open(const cli::Session& session, const cli::Target& target,
                                             std::function<bool()> interrupted) {
  auto link = TRY(cli::Link::open(session));
  const auto status = link.get("/v1/status?" + cli::target_path(target));
  if (!status && status.error().code == Code::DaemonUnreachable) {
    session.note("no daemon answers here: the app, if there is one, is not stopped by this");
    return std::optional<Resting>();
  }
  if (!status) return status.error();
  std::string version;
  for (const Json& one : status->at("environments").items())
    version = one.at("live").text("version");
  if (version.empty()) return std::optional<Resting>();
  return std::optional<Resting>(
      Resting(session, target, std::move(link), version, std::move(interrupted)));
}

std::string Resting::path() const {
  return fmt::format("/v1/environments/{}/{}/standstill", http::percent_encoded(target_.app),
                     http::percent_encoded(target_.environment));
}

// A daemon that is being replaced is waited for: what was asked holds until it is asked otherwise.
Result<Json> Resting::ask(const Json* body) {
  const auto until = io::monotonic_us() + kDaemonBackWithin_us;
  for (;;) {
    auto answer = body != nullptr ? link_.post(path(), *body) : link_.get(path());
    const bool is_away = !answer && (answer.error().code == Code::DaemonUnreachable ||
                                     answer.error().code == Code::Conflict);
    if (!is_away || io::monotonic_us() > until) return answer;
    ::poll(nullptr, 0, kLookMs);
  }
}

Result<Stand> Resting::look() { return stand_of(TRY(ask(nullptr))); }

Result<Stand> Resting::wait(const std::function<bool(const Stand&)>& is_there,
                            const std::string& what) {
  const auto until = io::monotonic_us() + kPatience_us;
  std::string told;
  for (;;) {
    auto stand = TRY(look());
    if (is_there(stand)) return stand;
    if (stand.waits != told && !stand.waits.empty()) session_.note(stand.waits);
    told = stand.waits;
    if (interrupted_ && interrupted_())
      return Error(Code::Aborted, "interrupted while " + what,
                   "slipway status tells how it stands");
    if (io::monotonic_us() > until)
      return Error(Code::Timeout, fmt::format("gave up {}: {}", what, stand.waits),
                   "slipway status tells how it stands");
    ::poll(nullptr, 0, kLookMs);
  }
}

Result<void> Resting::stop_app(const std::string& why, const Json& note) {
  Json body = Json::object().set("on", true).set("why", why).set("note", note);
  cli::add_author(session_, body);
  TRY(ask(&body));
  session_.note("the maintenance page is shown, the app is being stopped");
  TRY(wait([](const Stand& stand) { return stand.phase == "stopped"; },
           "the app was being stopped"));
  session_.note("the app is stopped");
  return ok();
}

void Resting::put_down(const Json& note) {
  const auto now = look();
  if (!now || !now->is_on) return;
  Json body = Json::object().set("on", true).set("why", now->why).set("note", note);
  (void)ask(&body);  // see the header: it is done again then
}

Result<Stand> Resting::wait_for_release() {
  return wait([](const Stand& stand) { return stand.phase != "releasing"; }, "the release went on");
}

Result<void> Resting::wait_for_end() {
  TRY(wait([](const Stand& stand) { return !stand.is_on; }, "the app was being started"));
  session_.note("the app serves again, the maintenance page is gone");
  return ok();
}

Result<void> Resting::start_app(const std::vector<std::string>& taken_back) {
  Json body = Json::object().set("on", false).set("taken_back", Json::array_of(taken_back));
  cli::add_author(session_, body);
  auto asked = ask(&body);
  // Cut off between the asking and the answer, or ended by an earlier run.
  if (!asked && asked.error().code != Code::NotFound) return asked.error();
  return wait_for_end();
}

}  // namespace slipway::app

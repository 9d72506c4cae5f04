#include "daemon/incidents.h"

#include <algorithm>

#include "base/crash_point.h"
#include "base/text.h"
#include "daemon/documents.h"
#include "daemon/timings.h"
#include "release/facts.h"

namespace slipway::daemon {
namespace {
using State = Response::State;
constexpr Millis kTick{1'000};
constexpr std::int64_t kSameWithin_ms = 60'000;
constexpr int kLooked = 20;  // releases, for the rollback made before a crash
constexpr std::size_t kMostText = 1'000;

Error refused(std::string what, std::string next) {
  return {Code::Refused, std::move(what), std::move(next)};
}

// Who asks for an incident's rollback: by this it is known again after a crash.
std::string rollback_author(const Incident& incident) {
  return (incident.by.empty() ? "slipway" : incident.by) + " (incident " + incident.id + ")";
}

std::string named(const Incident& incident) {
  return incident.version + " (" + incident.release + ")";
}

std::string shortened(std::string text) {
  if (text.size() > kMostText) text.resize(kMostText);
  return text;
}
}  // namespace

void Incidents::start() {
  thread_ = std::thread([this] { work(); });
}

void Incidents::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Incidents::work() {
  while (true) {
    if (const auto rows = house_.store.open_incidents()) {
      for (const auto& row : *rows) {
        const std::lock_guard busy(busy_);
        // Read again: somebody may have spoken since.
        const auto now = house_.store.incident(row.id);
        if (!now || now->closed_ms != 0) continue;
        Incident incident = incident_of(*now);
        advance(incident);
      }
    }
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kTick, [this] { return closing_; })) return;
  }
}

// The story of an open incident, from wherever it stands. What cannot be kept now is begun again
// from what the store has.
void Incidents::advance(Incident& incident) {
  if (!incident.told) {
    incident.told = true;
    const auto turn = incident.sev == Sev::Three ? ports::Turn::Event : ports::Turn::Opens;
    if (!keep(incident, {{"opened", incident.impact, turn}})) return;
  }
  if (!incident.alert_over) keep_clock(incident);
  if (incident.response.state == State::Wanted) respond(incident);
  if (incident.response.state == State::UnderWay) look_at_response(incident);
  if (incident.status == "listed") look_for_release(incident);
  const auto state = incident.response.state;
  if (!incident.alert_over || state == State::Wanted || state == State::UnderWay) return;
  const std::string how = state == State::Done ? incident.response.why + "; " : "";
  // What cannot be kept now is closed at the next look.
  (void)close_incident(incident, "", how + "the alert is over");
}

void Incidents::keep_clock(Incident& incident) {
  if (incident.response.state != State::None || incident.assess_by_ms == 0) return;
  const auto now = house_.now_ms();
  const bool back = incident.on_expiry == config::OnAssessExpiry::RollBack;
  const std::string then = back ? named(incident) + " is rolled back" : "it waits for a person";
  if (now >= incident.assess_by_ms) {
    Incident next = incident;
    next.assess_by_ms = next.remind_at_ms = 0;
    if (back) next.response = {State::Wanted, "", "", now};
    const std::string text = "nobody has assessed it in time: " + then;
    add_event(next, {now, "expired", "", text});
    if (keep(next, {{"expired", text, ports::Turn::Opens}})) incident = std::move(next);
  } else if (incident.remind_at_ms > 0 && now >= incident.remind_at_ms) {
    Incident next = incident;
    next.remind_at_ms = 0;
    const std::string by = to_iso8601(from_unix_ms(incident.assess_by_ms)).substr(11, 8);
    const std::string text = "nobody has assessed it yet; at " + by + " UTC " + then;
    add_event(next, {now, "reminder", "", text});
    if (keep(next, {{"reminder", text, ports::Turn::Opens}})) incident = std::move(next);
  }
}

// Rolls back what it is about, unless that was done, or is being done, already.
void Incidents::respond(Incident& incident) {
  if (incident.release.empty())
    return settle(incident, State::Impossible, "", "nothing was live when it was opened");
  const auto before = rollback_of(incident);
  if (!before) return;
  if (*before) return settle(incident, State::UnderWay, **before, "by " + **before);
  if (const auto running = releases_.running(incident.app)) {
    const auto& plan = running->plan();
    const bool back = plan.kind == plan::RequestKind::Rollback;
    if (running->row().id == incident.release) return take_back_running(incident, *running);
    if (back && plan.old && plan.old->id == incident.release) {
      return settle(incident, State::UnderWay, running->row().id,
                    running->row().id + " was going back already");
    }
    // What serves already may be the cure: it is not taken away.
    if (back || percent_new(plan, running->view().state) > 0) return;
  }
  const auto live = house_.store.live(incident.app);
  if (!live) return;
  if (live->release != incident.release)
    return settle(incident, State::Done, "", named(incident) + " has no traffic any more");
  start_rollback(incident);
}

void Incidents::take_back_running(Incident& incident, RunningRelease& running) {
  const auto& plan = running.plan();
  if (plan.kind == plan::RequestKind::Rollback) {
    return settle(incident, State::Impossible, "",
                  incident.release + " is a rollback itself: before it is what it goes away from");
  }
  if (!plan.old)
    return settle(incident, State::Impossible, "", "there is no release before " + named(incident));
  const std::string sick = why_unhealthy(incident.app, plan.old->id);
  if (!sick.empty() && !is_taking_back(running.view().state.phase))
    return settle(incident, State::Impossible, "", sick);
  if (!release::mark_bad(house_.store, incident.release, "incident " + incident.id)) return;
  release::Command abort;
  abort.kind = release::EventKind::Abort;
  abort.by = rollback_author(incident);
  abort.reason = label_of(incident.sev) + ": " + incident.impact;
  crash_point("incident.before-abort");
  const auto taken = releases_.command(incident.release, std::move(abort));
  crash_point("incident.after-abort");
  // Refused: it goes back already, or only cleans up and is rolled back when that is over.
  const bool goes_back = taken || is_taking_back(running.view().state.phase);
  if (goes_back) settle(incident, State::UnderWay, incident.release, "it is taken back");
}

void Incidents::start_rollback(Incident& incident) {
  ReleaseRequest request;
  request.app = incident.app.app;
  request.wanted.kind = plan::RequestKind::Rollback;
  request.wanted.environment = incident.app.environment;
  request.wanted.by = rollback_author(incident);
  request.supersede = true;  // of what waits at a gate
  Json details;
  const auto prepared = prepare(house_, request, Look::PlanOnly, details);
  if (!prepared) {
    const bool may_come = facts_of(prepared.error().code).retryable;
    if (!may_come) settle(incident, State::Impossible, "", prepared.error().what);
    return;
  }
  const std::string sick = why_unhealthy(incident.app, prepared->plan.target_release);
  if (!sick.empty()) return settle(incident, State::Impossible, "", sick);
  crash_point("incident.before-rollback");
  const auto started = releases_.start(request, details);
  crash_point("incident.after-rollback");
  if (started) {
    return settle(incident, State::UnderWay, started->release,
                  started->release + " goes back to " + prepared->plan.version);
  }
  const auto code = started.error().code;
  const bool may_come =
      facts_of(code).retryable || code == Code::LeaseHeld || code == Code::Conflict;
  if (!may_come) settle(incident, State::Impossible, "", started.error().what);
}

// The rollback of this incident that a daemon before this one began.
Result<std::optional<std::string>> Incidents::rollback_of(const Incident& incident) {
  for (const auto& row : TRY(house_.store.releases(incident.app, kLooked))) {
    const bool ours = row.kind == "rollback" && row.by == rollback_author(incident) &&
                      row.created_ms >= incident.response.since_ms;
    // Also one that has failed: only a person asks for another.
    if (ours) return std::optional<std::string>(row.id);
  }
  return std::optional<std::string>();
}

// Why a release that still runs is nothing to go back to; empty: it is well, or it is started anew.
std::string Incidents::why_unhealthy(const ports::AppRef& app, const std::string& release) {
  const auto stored = lookout_.shelf().release(release);
  if (!stored) return stored.error().what;
  std::string why;
  const auto looked = lookout_.with_drivers(app, [&](DriverSet& drivers) -> Result<void> {
    for (const auto& service : (*stored)->plan.settings.services) {
      if (!service.health || service.health->path.empty()) continue;
      const auto view =
          TRY(drivers.instances->observe({app.app, app.environment, service.name, release}));
      bool is_well = view.instances.empty();
      std::string last;
      for (const auto& instance : view.instances) {
        if (instance.address.empty()) continue;
        const auto seen = drivers.probe->look(instance.address, *service.health);
        is_well = is_well || seen.healthy;
        if (!seen.healthy) last = seen.why;
      }
      if (!is_well) {
        why = service.name + " of " + release + ", to which it would go back, is not healthy" +
              (last.empty() ? "" : ": " + last);
      }
    }
    return ok();
  });
  return looked ? why : "";  // the rollback itself looks before it gives any traffic
}

void Incidents::look_at_response(Incident& incident) {
  const auto row = house_.store.release(incident.response.release);
  const auto live = house_.store.live(incident.app);
  if (!row || !live || row->outcome.empty()) return;
  if (live->release == incident.release) {
    return settle(incident, State::Impossible, "",
                  row->id + " ended " + replace_all(row->outcome, "_", " ") +
                      (row->reason.empty() ? "" : ": " + row->reason));
  }
  const auto now = live->release.empty() ? Result<ports::ReleaseRow>(ports::ReleaseRow{})
                                         : house_.store.release(live->release);
  if (!now) return;
  settle(incident, State::Done, row->id,
         now->id.empty() ? "nothing has the traffic any more"
                         : now->version + " (" + now->id + ") has the traffic again");
}

// A release that came after a SEV3 may have corrected it: whoever opened it is told to look.
void Incidents::look_for_release(Incident& incident) {
  const auto live = house_.store.live(incident.app);
  if (!live || live->release.empty() || live->release == incident.release) return;
  const bool known =
      std::any_of(incident.events.begin(), incident.events.end(), [&](const auto& one) {
        return one.kind == "released" && one.text.find("(" + live->release + ")") != one.text.npos;
      });
  if (known) return;
  const auto row = house_.store.release(live->release);
  if (!row || row->created_ms < incident.opened_ms || row->outcome != "completed") return;
  const std::string text = row->version + " (" + row->id +
                           ") is live: see whether it is corrected, then: slipway incident close " +
                           incident.id;
  add_event(incident, {house_.now_ms(), "released", "", text});
  // Begun again at the next look when it could not be kept.
  (void)keep(incident, {{"released/" + row->id, text}});
}

void Incidents::settle(Incident& incident, State state, const std::string& release,
                       const std::string& why) {
  Incident next = incident;
  next.response = {state, release, why, incident.response.since_ms};
  if (state == State::Done) next.status = "identified";
  const bool stuck = state == State::Impossible;
  const std::string text = state == State::UnderWay ? "rolling back " + named(incident) + ": " + why
                           : stuck ? "cannot be rolled back, a person is needed: " + why
                                   : why;
  add_event(next, {house_.now_ms(), "response", "", text});
  // A person may ask for a rollback again: each answer is a notice of its own.
  const std::string key = std::string(name_of(state)) + "/" + std::to_string(next.events.size());
  const Word word{key, text, stuck ? ports::Turn::Opens : ports::Turn::Event};
  if (keep(next, {word})) incident = std::move(next);
}

std::int64_t Incidents::left_ms(const Incident& incident) {
  const auto running = releases_.running(incident.response.release);
  if (incident.response.state != State::UnderWay || running == nullptr) return -1;
  return time_left(running->plan(), running->view().state, kept_timings(house_.store, incident.app),
                   house_.now_ms())
      .whole_ms;
}

ports::Telling Incidents::telling(const Incident& incident, const Word& word) {
  ports::Telling out;
  out.notice = notice_of(incident, word, house_.now_ms(), left_ms(incident));
  const auto settings = lookout_.settings(incident.app);
  if (!settings) return out;  // then it stands in the incident alone
  if (!settings->url.empty()) out.notice.links.emplace_back("Open the app", settings->url);
  for (const auto* channel :
       config::channels_for(settings->channels, settings->notify, out.notice.kind))
    out.to.push_back({channel->name, config::to_json(*channel)});
  return out;
}

Result<void> Incidents::keep(Incident& incident, const std::vector<Word>& words) {
  std::vector<ports::Telling> tell;
  for (const auto& word : words) {
    tell.push_back(telling(incident, word));
    house_.log.note("incidents", tell.back().notice.text,
                    Json::object().set("incident", incident.id).set("release", incident.release));
  }
  crash_point("incident.before-keep");
  auto kept = house_.store.keep_incident(row_of(incident), tell);
  crash_point("incident.after-keep");
  return kept;
}

// Two people see the same trouble: while one incident here goes back, or went back and is open,
// another that names no release is about the same one, and takes nothing else away.
std::string Incidents::release_in_trouble(const ports::AppRef& app) {
  const auto rows = house_.store.open_incidents();
  if (!rows) return "";
  for (const auto& row : *rows) {
    const auto known = incident_of(row);
    const auto state = known.response.state;
    const bool goes_back =
        state == State::Wanted || state == State::UnderWay || state == State::Done;
    if (known.app == app && goes_back) return known.release;
  }
  return "";
}

// What changes is more likely the cause than what has been there, once it has any traffic.
Result<void> Incidents::choose_release(Incident& draft) {
  if (draft.release.empty()) draft.release = release_in_trouble(draft.app);
  if (draft.release.empty()) {
    const auto live = TRY(house_.store.live(draft.app));
    const auto running = releases_.running(draft.app);
    const bool serves = running != nullptr && running->plan().kind == plan::RequestKind::Deploy &&
                        percent_new(running->plan(), running->view().state) > 0;
    draft.release = serves ? running->row().id : live.release;
  }
  if (draft.release.empty()) return ok();
  const auto row = TRY(house_.store.release(draft.release));
  if (!(row.app == draft.app)) {
    return Error(Code::Usage,
                 draft.release + " is a release of " + row.app.app + " " + row.app.environment,
                 "name one of " + draft.app.app + " " + draft.app.environment);
  }
  draft.version = row.version;
  return ok();
}

Result<Incident> Incidents::open(Incident draft) {
  const std::lock_guard busy(busy_);
  const auto settings = TRY(lookout_.settings(draft.app));
  draft.impact = shortened(std::move(draft.impact));
  const auto now = house_.now_ms();
  // Before a release is chosen: an answer may have been lost, and the rollback be over.
  for (const auto& row : TRY(house_.store.open_incidents())) {
    const auto known = incident_of(row);
    const bool same = known.app == draft.app && known.sev == draft.sev &&
                      known.impact == draft.impact && known.by == draft.by &&
                      known.alert == draft.alert &&
                      (draft.release.empty() || known.release == draft.release);
    if (same && (now - known.opened_ms < kSameWithin_ms || !draft.alert.empty())) return known;
  }
  TRY(choose_release(draft));
  crash_point("incident.before-create");
  const auto row =
      TRY(house_.store.create_incident(row_of(opened(std::move(draft), settings.incidents, now))));
  crash_point("incident.after-create");
  Incident incident = incident_of(row);
  advance(incident);
  return incident;
}

Result<Incident> Incidents::assess(const std::string& id, const Assessment& said) {
  const std::lock_guard busy(busy_);
  Incident incident = incident_of(TRY(house_.store.incident(id)));
  if (!incident.is_open()) return refused(id + " is closed", "open another: slipway incident open");
  const auto state = incident.response.state;
  if (state == State::Wanted || state == State::UnderWay || state == State::Done) {
    return refused(id + " was decided already: " + named(incident) + " is rolled back",
                   "see it: slipway incident show " + id);
  }
  incident.assess_by_ms = incident.remind_at_ms = 0;
  incident.response = {said.rolls_back ? State::Wanted : State::Kept, "", "", house_.now_ms()};
  incident.status = "identified";
  incident.resolution = said.rolls_back ? "" : shortened(said.note);
  incident.eta = shortened(said.eta);
  const std::string note = said.note.empty() ? "" : ": " + shortened(said.note);
  const std::string text =
      (said.rolls_back ? "it is rolled back" : std::string("it stays as it is")) + note;
  add_event(incident, {house_.now_ms(), "assessed", said.by, text});
  const std::string key = "assessed/" + std::to_string(incident.events.size());
  TRY(keep(incident, {{key, "assessed by " + said.by + ": " + text}}));
  advance(incident);
  return incident;
}

Result<Incident> Incidents::end(const std::string& id, const std::string& by,
                                const std::string& resolution) {
  const std::lock_guard busy(busy_);
  Incident incident = incident_of(TRY(house_.store.incident(id)));
  if (!incident.is_open()) return refused(id + " is closed already", "slipway incident show " + id);
  if (incident.response.state == State::Wanted || incident.response.state == State::UnderWay) {
    return refused(id + " cannot be closed while " + named(incident) + " is being rolled back",
                   "close it when that is over: slipway incident show " + id);
  }
  TRY(close_incident(incident, by, shortened(resolution)));
  return incident;
}

Result<void> Incidents::close_incident(Incident& incident, const std::string& by,
                                       const std::string& resolution) {
  const auto now = house_.now_ms();
  incident.closed_ms = now;
  incident.status = "resolved";
  incident.resolution = resolution;
  incident.assess_by_ms = incident.remind_at_ms = 0;
  add_event(incident, {now, "closed", by, resolution});
  return keep(incident, {{"closed", "resolved: " + resolution, ports::Turn::Closes}});
}

Result<void> Incidents::alert_is_over(const ports::AppRef& app, const std::string& fingerprint) {
  const std::lock_guard busy(busy_);
  for (const auto& row : TRY(house_.store.open_incidents())) {
    Incident incident = incident_of(row);
    if (!(incident.app == app) || incident.alert != fingerprint || incident.alert_over) continue;
    incident.alert_over = true;
    add_event(incident, {house_.now_ms(), "alert", "", "the alert is over"});
    TRY(keep(incident, {}));
    advance(incident);
  }
  return ok();
}

Result<Incident> Incidents::incident(const std::string& id) {
  return incident_of(TRY(house_.store.incident(id)));
}

Result<std::vector<Incident>> Incidents::of(const ports::AppRef& app, int most) {
  std::vector<Incident> out;
  for (const auto& row : TRY(house_.store.incidents(app, most))) out.push_back(incident_of(row));
  return out;
}

std::vector<std::string> Incidents::listed(const ports::AppRef& app) {
  std::vector<std::string> out;
  const auto rows = house_.store.open_incidents();
  if (!rows) return out;
  for (const auto& row : *rows) {
    const auto incident = incident_of(row);
    if (incident.app == app && incident.status == "listed")
      out.push_back(incident.id + " (SEV3) is open here: " + incident.impact);
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> Incidents::message(const Incident& incident) {
  return message_lines(incident, house_.now_ms(), left_ms(incident));
}

}  // namespace slipway::daemon

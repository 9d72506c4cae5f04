#pragma once
// Api: what answers each route. Called on worker threads, any number at a time; blocking is
// allowed.
#include <atomic>

#include "daemon/daemon_parts.h"
#include "daemon/routes.h"

namespace slipway::daemon {

class Api {
 public:
  static constexpr int kNumber = 1;  // Slipway-Api

  explicit Api(Parts& parts) : parts_(parts) {}
  // The whole way of a request whose caller is known: route, role, readiness, answer.
  Reply answer(Call call);

  Reply version(const Call& call);
  Reply health(const Call& call);
  Reply status(const Call& call);
  Reply plan(const Call& call);
  Reply sightings(const Call& call);
  Reply releases(const Call& call);
  Reply start_release(const Call& call);
  Reply release(const Call& call);
  Reply events(const Call& call);
  Reply verdicts(const Call& call);
  Reply pause(const Call& call);
  Reply resume(const Call& call);
  Reply promote(const Call& call);
  Reply abort(const Call& call);
  Reply approve(const Call& call);
  Reply confirm(const Call& call);
  Reply create_approval_link(const Call& call);
  Reply look_at_link(const Call& call);
  Reply use_link(const Call& call);
  Reply look_at_action(const Call& call);
  Reply use_action(const Call& call);
  Reply maintenance(const Call& call);
  Reply stand_still(const Call& call);
  Reply standstill(const Call& call);
  Reply test_channels(const Call& call);
  Reply channel_tests(const Call& call);
  Reply incoming_alerts(const Call& call);
  Reply incidents(const Call& call);
  Reply open_incident(const Call& call);
  Reply incident(const Call& call);
  Reply incident_timeline(const Call& call);
  Reply assess_incident(const Call& call);
  Reply close_incident(const Call& call);
  Reply logs(const Call& call);
  Reply tokens(const Call& call);
  Reply create_token(const Call& call);
  Reply revoke_token(const Call& call);
  Reply metrics(const Call& call);

 private:
  Reply command(const Call& call, release::EventKind kind, std::string_view name);
  Result<EventHub::Past> past_of(const std::string& release, std::int64_t after);
  std::string by_of(const Call& call, const Json& body) const;
  Json incident_document(const Incident& incident);
  Result<std::string> timeline_of(const Incident& incident);

  Parts& parts_;
};

}  // namespace slipway::daemon

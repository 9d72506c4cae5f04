#include "drivers/fake/drivers.h"
#include "drivers/fake/write.h"

namespace slipway::drivers::fake {

ports::ProbeView FakeProbe::look(const std::string& address, const config::Health& health) {
  const Millis now = seam_.clock.monotonic();
  const Place place = place_of(seam_.world, address, now);
  ports::ProbeView view;
  if (place.instance == nullptr) {
    view.why = "nothing listens on " + address;
    return view;
  }
  view.healthy = is_ready(seam_.world, *place.slot, *place.instance, now);
  if (!view.healthy) view.why = "503 from " + health.path;
  return view;
}

ports::SmokeView FakeSmoke::run(const config::Smoke& smoke, const std::string& address,
                                const std::map<std::string, std::string>&, const std::string&) {
  const Millis now = seam_.clock.monotonic();
  const Place place = place_of(seam_.world, address, now);
  const std::string name = smoke.get.empty() ? smoke.run : "GET " + smoke.get;
  if (place.instance == nullptr) return {false, name + ": nothing listens on " + address};
  if (behaviour_of(seam_.world, *place.slot).smoke_fails) return {false, name + ": 500"};
  if (!is_ready(seam_.world, *place.slot, *place.instance, now)) return {false, name + ": 503"};
  return {true, {}};
}

Result<std::string> FakeArtifacts::resolve(const ports::WorkloadSpec& spec) {
  for (const auto& entry : seam_.world.script->behaviours) {
    if (entry.missing && entry.version == spec.version) {
      return Error(Code::ArtifactMissing, "there is no artifact for " + spec.version,
                   "build it, or name another version");
    }
  }
  return "fake:" + spec.version;
}

ports::Outcome FakeNotifier::send(const ports::Notice& notice) {
  return write(seam_, Call::Notify, notice.key, [&] {
    seam_.world.notices.push_back(notice);
    return ports::Outcome::applied();
  });
}

}  // namespace slipway::drivers::fake

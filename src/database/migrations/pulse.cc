#include "database/migrations/pulse.h"

#include <fmt/core.h>

#include "base/json.h"
#include "base/units.h"

namespace slipway::database::migrations {
namespace {
constexpr Millis kFresh(3000);
// Fewer requests than this in a moment, and their slowest hundredth is an accident.
constexpr std::uint64_t kEnough = 20;
}  // namespace

std::optional<Pulse> pulse_in(std::string_view line) {
  const auto json = Json::parse(line);
  if (!json || !json->is_object() || json->find("requests") == nullptr) return std::nullopt;
  const auto requests = json->integer("requests");
  if (requests < 0) return std::nullopt;
  return Pulse{static_cast<std::uint64_t>(requests), Millis(json->integer("p95_ms")),
               Millis(json->integer("p99_ms"))};
}

void Pulses::hear(const Pulse& pulse, Millis now) {
  const std::lock_guard held(lock_);
  last_ = pulse;
  at_ = now;
  ++heard_;
}

std::optional<Pulse> Pulses::newest(Millis now) const {
  const std::lock_guard held(lock_);
  if (heard_ == 0 || now - at_ > kFresh) return std::nullopt;
  return last_;
}

std::uint64_t Pulses::heard() const {
  const std::lock_guard held(lock_);
  return heard_;
}

std::string suffering(const std::optional<Pulse>& before, const Pulse& now, Part part,
                      Millis most) {
  if (most <= Millis(0)) return {};
  // Who waits is not counted until they are answered: then nobody is.
  if (before && before->requests >= kEnough && now.requests * 10 < before->requests)
    return fmt::format("the app answered {} requests, and {} before", now.requests,
                       before->requests);
  const Millis is = part == Part::P95 ? now.p95 : now.p99;
  const Millis was = !before ? Millis(0) : part == Part::P95 ? before->p95 : before->p99;
  if (now.requests < kEnough || is <= most || is < 2 * was) return {};
  return fmt::format("the app's slowest requests ({} in a hundred) take {}{}",
                     part == Part::P95 ? "five" : "one", to_text(is),
                     before ? fmt::format(", and took {} before", to_text(was)) : std::string());
}

}  // namespace slipway::database::migrations

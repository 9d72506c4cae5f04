#include "daemon/confirmations.h"

#include <algorithm>

#include "base/text.h"
#include "daemon/documents.h"

namespace slipway::daemon {
namespace {
constexpr std::size_t kMostNote = 1000;

// Whether the release has gone past the step that asked.
bool is_past(const plan::Plan& plan, const release::State& state, const std::string& item) {
  const auto* step = plan::gate_step(plan, "checklist." + item);
  return step != nullptr && state.step > step - plan.steps.data();
}
}  // namespace

Result<std::vector<checks::Confirmation>> Confirmations::given(const std::string& release) {
  std::vector<checks::Confirmation> out;
  for (const auto& [key, json] : TRY(house_.store.values(checks::confirmation_prefix(release))))
    out.push_back(checks::confirmation_from_json(json));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.at_ms < b.at_ms; });
  return out;
}

Result<checks::Confirmation> Confirmations::give(const std::string& release,
                                                 checks::Confirmation offered) {
  const std::lock_guard lock(mutex_);
  const auto row = TRY(house_.store.release(release));
  const auto running = releases_.running(release);
  const auto over = [&](const std::string& why) {
    return Error(Code::Refused, release + " asks nothing any more: " + why,
                 "see it: slipway history " + release);
  };
  if (running == nullptr)
    return over("it has ended" +
                (row.outcome.empty() ? "" : ", " + replace_all(row.outcome, "_", " ")));
  const auto view = running->view();
  if (is_taking_back(view.state.phase) || release::is_ended(view.state.phase))
    return over("it is taken back");
  if (offered.note.size() > kMostNote) offered.note.resize(kMostNote);
  offered.at_ms = house_.now_ms();
  auto accepted =
      TRY(checks::accept_confirmation(running->plan(), TRY(given(release)), std::move(offered)));
  if (is_past(running->plan(), view.state, accepted.item))
    return over("it has gone past '" + accepted.item + "'");
  TRY(house_.store.set_value(checks::confirmation_prefix(release) + accepted.item,
                             checks::to_json(accepted)));
  house_.log.note("daemon", accepted.by + " confirms '" + accepted.item + "' for " + release,
                  Json::object().set("release", release).set("by", accepted.by));
  return accepted;
}

}  // namespace slipway::daemon

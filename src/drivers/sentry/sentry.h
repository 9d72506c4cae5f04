#pragma once
// Sentry: marks which version has an environment's traffic, as a release and a deploy of it
// (docs.sentry.io/api/releases). Making a release twice is the same release; a repeated deploy mark
// has the same name.
#include <memory>
#include <optional>
#include <vector>

#include "drivers/posting/posting.h"

namespace slipway::drivers::sentry {

inline constexpr const char* kAddress = "https://sentry.io";

struct Marks {
  std::string release_path;
  Json release;
  std::string deploy_path;
  Json deploy;
};
// nullopt: the notice does not say that the traffic changed hands; there is nothing to mark.
std::optional<Marks> marks_of(const ports::Notice& notice, const std::string& organization,
                              const std::vector<std::string>& projects);
std::unique_ptr<ports::Notifier> make_notifier(posting::Place place, std::string organization,
                                               std::vector<std::string> projects);

}  // namespace slipway::drivers::sentry

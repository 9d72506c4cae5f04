#include "drivers/fake/drivers.h"

namespace slipway::drivers::fake {

void FakeMeasures::ask(const std::string& key, const ports::MetricQuestion& question) {
  if (under_way_.find(key) != under_way_.end()) return;
  under_way_[key] = {seam_.clock.monotonic() + takes, question};
  ++asked;
}

std::optional<Result<double>> FakeMeasures::take(const std::string& key) {
  const auto found = under_way_.find(key);
  if (found == under_way_.end() || seam_.clock.monotonic() < found->second.due) return std::nullopt;
  const ports::MetricQuestion question = found->second.question;
  under_way_.erase(found);
  if (!answer) return Error(Code::NotFound, "nobody knows");
  return answer(question);
}

}  // namespace slipway::drivers::fake

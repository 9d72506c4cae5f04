#pragma once
// SourceSteps: the metrics of a release while it is judged. Asks each at its own pace and never
// waits for an answer: a look costs what fetching it costs.
#include <string>
#include <vector>

#include "ports/measures.h"
#include "release/performer.h"
#include "verdict/source.h"

namespace slipway::release {

class SourceSteps {
 public:
  explicit SourceSteps(const Scene& scene);
  // What all metrics say together: the worst of those that decide; Pass when there are none. A
  // dry run is in the evidence only.
  verdict::Verdict look();
  bool any() const { return !sources_.empty(); }

 private:
  struct Source {
    config::Metric metric;
    verdict::SourceJudge judge;
    Millis next{0};         // when it is asked again
    bool waits = false;     // for answers
    bool compares = false;  // with the old release
    std::optional<Result<double>> value;
    std::optional<Result<double>> baseline;
  };
  void ask(Source& source, Millis now);
  void fetch(Source& source, Millis now);
  ports::Question question(const config::Metric& metric, bool of_old) const;

  const Scene& scene_;
  std::vector<Source> sources_;
};

}  // namespace slipway::release

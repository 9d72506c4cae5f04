#pragma once
// SourceSteps: the metrics of a release while it is judged. Asks each at its own pace and never
// waits for an answer: a look costs what fetching it costs.
#include <string>
#include <vector>

#include "ports/measures.h"
#include "release/sight.h"
#include "verdict/source.h"

namespace slipway::release {

struct Scene;

class SourceSteps {
 public:
  explicit SourceSteps(const Scene& scene);
  // What all metrics say together: the worst of those that decide; Pass when there are none. A
  // dry run is in the evidence only.
  verdict::Verdict look();
  bool any() const { return !sources_.empty(); }
  // What becomes of what the judge says of a Judge or Watch step, with the metrics beside it: a
  // metric that fails takes the release back; one without enough data keeps the step from ending,
  // until its deadline.
  Sight weigh(const plan::Step& step, const State& state, Sight judged);
  // The judge has let the step end; only the metrics are waited for.
  bool alone(const State& state) const {
    return ended_step_ == state.step && ended_since_ms_ == state.since_ms;
  }
  Sight guard(const State& state);  // Bad when one fails of a release that serves

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
  ports::MetricQuestion question(const config::Metric& metric, bool of_old) const;
  void stand_beside(const State& state);

  Sight wait(const plan::Step& step, const State& state, const verdict::Verdict& verdict,
             const std::string& judged);

  const Scene& scene_;
  std::vector<Source> sources_;
  std::string beside_;   // the release that is compared with
  int ended_step_ = -1;  // that the judge has let end
  std::int64_t ended_since_ms_ = -1;
  std::string ended_why_;
};

}  // namespace slipway::release

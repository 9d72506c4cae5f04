// judge_bench full|quick [part…]: releases simulated by the thousand, judged by the product's
// judge.
#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "judge/study.h"

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty() || (words[0] != "full" && words[0] != "quick")) {
    fmt::print(stderr,
               "usage: judge_bench full|quick [healthy both_fail turns bursts detection harm late "
               "latency cost]\n");
    return 2;
  }
  bench::Scale scale;
  if (words[0] == "quick") scale = {200, 60, 40, 30, 20, 4, 8, false};
  const auto wanted = [&](const char* part) {
    return words.size() == 1 || std::find(words.begin() + 1, words.end(), part) != words.end();
  };
  bench::Report report;
  if (wanted("cost")) bench::study_cost(report);
  if (wanted("healthy")) bench::study_healthy(scale, report);
  if (wanted("both_fail")) bench::study_both_fail(scale, report);
  if (wanted("turns")) bench::study_turns(scale, report);
  if (wanted("bursts")) bench::study_bursts(scale, report);
  if (wanted("detection")) bench::study_detection(scale, report);
  if (wanted("harm")) bench::study_harm(scale, report);
  if (wanted("late")) bench::study_late(scale, report);
  if (wanted("latency")) bench::study_latency(scale, report);
  return report.end();
}

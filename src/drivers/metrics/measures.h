#pragma once
// The port: a thread for each question under way.
#include <functional>
#include <memory>

#include "ports/measures.h"

namespace slipway::drivers::metrics {

// Gives the value of a metric's secret; asked on the question's thread.
using ReadSecret =
    std::function<Result<std::string>(const config::SecretRef& secret, const std::string& dir)>;

// When it goes away it waits for the questions under way, their time-outs at most.
std::unique_ptr<ports::Measures> make_measures(ReadSecret read_secret);

}  // namespace slipway::drivers::metrics

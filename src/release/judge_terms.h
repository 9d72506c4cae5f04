#pragma once
// What a release asks of its judge: rules, settings and weights out of the plan; samples out of
// what the router counted. Pure. Room-internal.
#include <string>
#include <vector>

#include "plan/plan.h"
#include "ports/router.h"
#include "release/machine.h"
#include "verdict/judge.h"

namespace slipway::release {

bool watches_health(const config::Environment& settings);
// routes: those that are judged by themselves.
verdict::Settings judge_settings(const plan::Plan& plan, const std::vector<std::string>& routes,
                                 verdict::Beside beside);

// The shift whose split a step finds; nullptr before the first.
const plan::Step* shift_before(const plan::Plan& plan, int step);
// What the new release gets where nothing is but what might take it back: 1 %, or the tenth of
// less.
double quarantine_percent(double planned);
// That shift as a state has it: in quarantine, or without the fresh baseline. Before the first
// shift: nothing for the new release.
plan::Step shift_in(const plan::Plan& plan, const State& state);
plan::Step as_in(plan::Step shift, const State& state);
// The share of requests the new release has in a state, 0..1 …
double weight_in(const plan::Plan& plan, const State& state);
// … and of those it is judged by: its own and those of what it is judged beside.
double judged_weight(const plan::Plan& plan, const State& state);
// What the release is judged beside for as long as its state says so.
verdict::Beside beside_in(const plan::Plan& plan, const State& state);

// What was counted between two readings. Latencies are left out when no rule asks for them.
verdict::Sample sample_of(const ports::Counts& now, const ports::Counts& then, bool latencies);
// The same of one route.
verdict::Sample route_sample(const ports::Counts& now, const ports::Counts& then,
                             const std::string& route, bool latencies);
// The routes that are judged by themselves: those of the configuration, or the busiest of the old
// release, at most nine.
std::vector<std::string> judged_routes(const config::Judge& judge, const ports::Counts& old);

}  // namespace slipway::release

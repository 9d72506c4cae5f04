#pragma once
// A migration's text as the team's tool keeps it, and a report as people read it.
#include <string>
#include <string_view>

namespace slipway::database::lint {
// Without what takes it back: dbmate's "-- migrate:down", node-pg-migrate's "-- Down Migration",
// goose's "-- +goose Down" and all behind it. Lines keep their numbers.
std::string_view part_that_goes_up(std::string_view text);
}  // namespace slipway::database::lint

#include "cli/gate_text.h"

#include <gtest/gtest.h>

namespace slipway::cli {
namespace {

Json gate(bool open, const std::string& why, const std::string& on_expiry = "abort") {
  return Json::object()
      .set("gate", "scans.image")
      .set("open", open)
      .set("looked", true)
      .set("why", why)
      .set("expires_ms", 300'000)
      .set("on_expiry", on_expiry)
      .set("skipped", "");
}

TEST(GateLine, SaysHowAGateStandsAndWhatItLeadsTo) {
  EXPECT_EQ(gate_line(gate(true, "nothing found")), "gate scans.image: open: nothing found");
  EXPECT_EQ(
      gate_line(gate(false, "has 1 critical finding")),
      "gate scans.image: closed: has 1 critical finding; a release waits 5m, then is aborted");
  EXPECT_EQ(gate_line(gate(false, "x", "hold")),
            "gate scans.image: closed: x; a release waits 5m, then asks a person");
  EXPECT_EQ(gate_line(gate(false, "x", "go-on")),
            "gate scans.image: closed: x; a release waits 5m, then goes on, on the record");
}

TEST(GateLine, WhatWasNotLookedAtIsNeitherOpenNorClosed) {
  EXPECT_EQ(
      gate_line(gate(false, "`./fresh` runs when the release gets there").set("looked", false)),
      "gate scans.image: `./fresh` runs when the release gets there");
}

TEST(GateLine, WhatIsLeftOutSaysByWhom) {
  EXPECT_EQ(gate_line(gate(true, "").set("skipped", "scans.image overridden by ann: false alarm")),
            "gate scans.image: open; scans.image overridden by ann: false alarm");
}

}  // namespace
}  // namespace slipway::cli

#pragma once
// A notice with everything in it, for the tests of the channels.
#include "ports/notice.h"

namespace slipway::drivers {

inline ports::Notice notice_for_test() {
  ports::Notice notice;
  notice.key = "r-0042/released";
  notice.kind = "released";
  notice.subject = "shop/production/r-0042";
  notice.turn = ports::Turn::Closes;
  notice.app = "shop";
  notice.environment = "production";
  notice.release = "r-0042";
  notice.version = "v1.5.0";
  notice.live = "v1.5.0";
  notice.text = "shop production: v1.5.0 is live";
  notice.at_ms = 1'763'720'906'123;  // 2025-11-21T10:28:26.123Z
  notice.facts = {{"instead of", "v1.4.2"}};
  notice.links = {{"Open the app", "https://www.shop.example"}};
  return notice;
}

inline ports::Notice held_for_test() {
  auto notice = notice_for_test();
  notice.key = "r-0042/held/1";
  notice.kind = "held";
  notice.turn = ports::Turn::Opens;
  notice.severity = ports::Severity::Warning;
  notice.live.clear();
  return notice;
}

}  // namespace slipway::drivers

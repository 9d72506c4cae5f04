#include "cli/gate_text.h"

#include <fmt/core.h>

#include "base/units.h"

namespace slipway::cli {

std::string gate_line(const Json& gate) {
  const std::string why = gate.text("why");
  std::string out = fmt::format("gate {}: ", gate.text("gate"));
  if (!gate.flag("looked", true)) {
    out += why;
  } else if (!gate.flag("open")) {
    const auto outcome = gate.text("on_expiry");
    out += fmt::format("closed: {}; a release waits {}, then {}", why,
                       to_text(Millis(gate.integer("expires_ms"))),
                       outcome == "hold"    ? "asks a person"
                       : outcome == "go-on" ? "goes on, on the record"
                                            : "is aborted");
  } else {
    out += why.empty() ? "open" : why.starts_with("open") ? why : "open: " + why;
  }
  const std::string skipped = gate.text("skipped");
  return skipped.empty() ? out : out + "; " + skipped;
}

}  // namespace slipway::cli

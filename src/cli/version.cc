// slipway version. The fastest verb: nothing is read, nobody is asked.
#include "cli/entries.h"
#include "cli/link.h"

namespace slipway::cli {

int run_version(Session& session) {
  const std::string& version = session.around().version;
  if (session.wants_json()) {
    session.print(
        Json::object().set("product", "slipway").set("version", version).set("api", kApi).dump() +
        "\n");
  } else {
    session.say("slipway " + version);
  }
  return 0;
}

}  // namespace slipway::cli

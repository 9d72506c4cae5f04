// slipway init: a slipway.yaml to begin with.
#include "cli/entries.h"
#include "config/load.h"
#include "io/files.h"

namespace slipway::cli {
namespace {
std::string last_part(const std::string& folder) {
  const auto slash = folder.rfind('/');
  return slash == std::string::npos ? folder : folder.substr(slash + 1);
}
}  // namespace

int run_init(Session& session) {
  const auto& around = session.around();
  const std::string given = session.given().text("--file");
  const std::string shown = given.empty() ? "slipway.yaml" : given;
  const std::string path = shown.starts_with('/') ? shown : io::join_path(around.folder, shown);
  if (io::exists(path)) {
    return session.fail(Error(Code::AlreadyExists, shown + " is there already; it was not touched",
                              "look it over with: slipway check"));
  }
  std::string app = session.given().text("--app");
  if (app.empty()) app = last_part(around.folder);
  const auto written = io::write_file_durably(path, config::starter_file(app), 0644);
  if (!written) return session.fail(written.error().in("cannot write " + shown));
  if (session.wants_json()) {
    session.show(Json::object().set("wrote", path));
    return 0;
  }
  session.say("wrote " + shown);
  session.note("next: say in services.web.run how the app starts, then: slipway check");
  return 0;
}

}  // namespace slipway::cli

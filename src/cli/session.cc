#include "cli/session.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "io/files.h"

namespace slipway::cli {
namespace {
constexpr int kMostFoldersUp = 64;
constexpr unsigned short kUsualWidth = 100;
constexpr unsigned short kUsualHeight = 40;

std::string as_line(const Json& item) {
  std::string out = fmt::format("{}:{}:{}: {}", item.text("file"), item.integer("line"),
                                item.integer("column"), item.text("what"));
  const std::string suggestion = item.text("suggestion");
  return suggestion.empty() ? out : out + "\n    " + suggestion;
}
}  // namespace

bool Session::has_color() const {
  return around_.out_is_terminal && around_.no_color.empty() && !given_.has("--no-color") &&
         !wants_json();
}

namespace {
winsize size_of(std::FILE* terminal) {
  winsize size{};
  const bool known = ::ioctl(::fileno(terminal), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size : winsize{kUsualHeight, kUsualWidth, 0, 0};
}
}  // namespace

int Session::width() const { return size_of(around_.out).ws_col; }
int Session::height() const { return size_of(around_.out).ws_row; }

std::string Session::state_folder() const {
  std::string folder = given_.text("--state");
  if (folder.empty()) folder = around_.state;
  if (folder.empty())
    folder = around_.is_root ? "/var/lib/slipway" : around_.home + "/.local/state/slipway";
  return io::absolute_path(folder);
}

void Session::print(std::string_view text) const {
  std::fwrite(text.data(), 1, text.size(), around_.out);
  std::fflush(around_.out);
}

void Session::say(std::string_view line) const { print(std::string(line) + "\n"); }
void Session::show(const Json& document) const { print(document.dump(2) + "\n"); }

bool Session::types(std::string_view word, std::string_view question) const {
  print(question);
  char answer[256] = {};
  if (std::fgets(answer, sizeof answer, stdin) == nullptr) return false;
  std::string_view said(answer);
  while (said.ends_with('\n') || said.ends_with('\r')) said.remove_suffix(1);
  return said == word;
}

bool Session::says_yes(std::string_view question) const {
  print(question);
  char answer[16] = {};
  return std::fgets(answer, sizeof answer, stdin) != nullptr &&
         (answer[0] == 'y' || answer[0] == 'Y');
}

void Session::note(std::string_view line) const {
  if (is_quiet()) return;
  std::fprintf(around_.err, "%.*s\n", static_cast<int>(line.size()), line.data());
}

int Session::fail(const Error& error, const Json& details) const {
  const auto& facts = facts_of(error.code);
  const auto exit_code =
      static_cast<int>(details.integer("exit_code", static_cast<std::int64_t>(facts.exit_code)));
  if (wants_json()) {
    Json body = details;
    if (body.is_null()) {
      body = Json::object()
                 .set("code", facts.name)
                 .set("number", static_cast<int>(error.code))
                 .set("what", error.what)
                 .set("next", error.next)
                 .set("exit_code", facts.exit_code);
    }
    print(Json::object().set("error", body).dump() + "\n");
    return exit_code;
  }
  std::string text;
  for (const auto& item : details.at("diagnostics").items()) text += as_line(item) + "\n";
  text += "slipway: " + error.what + "\n";
  if (!error.next.empty()) text += "next: " + error.next + "\n";
  std::fwrite(text.data(), 1, text.size(), around_.err);
  return exit_code;
}

namespace {
// The nearest slipway.yaml at or above the working folder; empty: none.
std::string nearest_file(const std::string& start) {
  std::string folder = start;
  for (int i = 0; i < kMostFoldersUp && !folder.empty(); ++i) {
    const std::string path = io::join_path(folder, "slipway.yaml");
    if (io::exists(path)) return path;
    const auto slash = folder.rfind('/');
    if (slash == std::string::npos || folder == "/") break;
    folder = slash == 0 ? "/" : folder.substr(0, slash);
  }
  return {};
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string wanted_path(const Session& session) {
  const std::string given = session.given().text("--file");
  const std::string& here = session.around().folder;
  if (given.empty()) return nearest_file(here);
  return given.starts_with('/') ? given : io::join_path(here, given);
}
}  // namespace

bool file_is_there(const Session& session) {
  return session.given().has("--file") || !wanted_path(session).empty();
}

Result<FoundFile> find_file(const Session& session) {
  const std::string given = session.given().text("--file");
  const std::string path = wanted_path(session);
  if (path.empty()) {
    return Error(
        Code::ConfigMissing,
        "there is no slipway.yaml in " + session.around().folder + " or in a folder above it",
        "write one with: slipway init, or name it with -f FILE");
  }
  auto text = io::read_file(path);
  if (!text) {
    const bool missing = text.error().code == Code::NotFound;
    return Error(
        missing ? Code::ConfigMissing : text.error().code,
        "cannot read the configuration: " + text.error().what,
        missing ? "check the path after -f, or write one with: slipway init" : text.error().next);
  }
  const bool is_here = path == io::join_path(session.around().folder, "slipway.yaml");
  const std::string shown = !given.empty() ? given : is_here ? "slipway.yaml" : path;
  return FoundFile{shown, folder_of(io::absolute_path(path)), std::move(text).value()};
}

}  // namespace slipway::cli

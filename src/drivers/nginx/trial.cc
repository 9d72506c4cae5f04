#include "drivers/nginx/trial.h"

#include <fnmatch.h>

#include "base/text.h"
#include "drivers/own_file/own_file.h"
#include "io/child.h"
#include "io/files.h"

namespace slipway::drivers::nginx {
namespace {
constexpr Millis kTestTakes{8'000};
constexpr std::size_t kMostWords = 600;

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Hidden beside what it stands for, so that no include takes it in.
std::string trial_of(const std::string& beside, const std::string& file) {
  return io::join_path(folder_of(beside), "." + name_of(file) + ".trial");
}

bool matches(const std::string& pattern, const std::string& path) {
  return ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
}

// The same files as `pattern` names, with the stand-in for `file`; nothing when it is not among
// them.
Result<std::string> given_out(const std::string& pattern, const std::string& file,
                              const std::string& stand_in) {
  if (!matches(pattern, file)) return std::string();
  std::string out;
  for (const auto& name : TRY(io::list_dir(folder_of(file)))) {
    const std::string path = io::join_path(folder_of(file), name);
    if (path != file && matches(pattern, path)) out += "include " + path + "; ";
  }
  return out + "include " + stand_in + ";";
}

// "include conf.d/*.conf" -> its pattern, absolute; empty for any other directive.
std::string pattern_in(std::string_view directive, const std::string& config_path) {
  constexpr std::string_view kInclude = "include";
  directive = trim(directive);
  if (!directive.starts_with(kInclude)) return {};
  std::string_view rest = directive.substr(kInclude.size());
  if (rest.empty() || (rest.front() != ' ' && rest.front() != '\t')) return {};
  rest = trim(rest);
  if (rest.size() > 1 && (rest.front() == '"' || rest.front() == '\''))
    rest = rest.substr(1, rest.size() - 2);
  const std::string pattern(rest);
  return pattern.starts_with('/') ? pattern : io::join_path(folder_of(config_path), pattern);
}

// What follows the last of ";{}" of a line, up to this ";", is the directive.
std::size_t begin_of_directive(const std::string& out, std::size_t line_begin) {
  const auto last = out.find_last_of(";{}");
  return last == std::string::npos || last < line_begin ? line_begin : last + 1;
}

std::string last_words(const std::string& text) {
  std::string words = replace_all(std::string(trim(text)), "\n", "; ");
  if (words.size() > kMostWords) words = words.substr(words.size() - kMostWords);
  return words;
}
}  // namespace

Result<std::string> with_stand_in(const std::string& config, const std::string& config_path,
                                  const std::string& file, const std::string& stand_in) {
  std::string out;
  bool is_included = false;
  for (const auto whole_line : split(config, '\n')) {
    const std::string_view line = whole_line.substr(0, whole_line.find('#'));
    const std::size_t line_begin = out.size();
    for (const char c : line) {
      if (c == ';') {
        const auto begin = begin_of_directive(out, line_begin);
        const auto pattern = pattern_in(std::string_view(out).substr(begin), config_path);
        const auto files = pattern.empty() ? Result<std::string>(std::string())
                                           : given_out(pattern, file, stand_in);
        if (!files) return files.error();
        is_included = is_included || !files->empty();
        if (!files->empty()) {
          out = out.substr(0, begin) + " " + *files;
          continue;
        }
      }
      out += c;
    }
    out += '\n';
  }
  if (is_included) return out;
  return Error(Code::Unsupported, config_path + " does not include " + file,
               "put `include " + folder_of(file) +
                   "/*.conf;` into its http { }, or set "
                   "nginx.folder to a folder it includes");
}

Result<void> try_out(const Settings& settings, const std::string& file, const std::string& bytes) {
  const std::string stand_in = trial_of(file, file);
  const std::string config = trial_of(settings.config, file);
  const auto text = TRY(io::read_file(settings.config));
  const auto trial = TRY(with_stand_in(text, settings.config, file, stand_in));
  TRY(io::write_file_atomically(stand_in, bytes, 0644));
  TRY(io::write_file_atomically(config, trial, 0644));
  io::ChildSpec spec;
  spec.argv = {settings.program, "-t", "-q", "-c", config};
  spec.environment = own_file::program_environment();
  const auto run = io::run_command(spec, kTestTakes);
  TRY(io::remove_file(config));
  TRY(io::remove_file(stand_in));
  if (!run) return run.error().in("while testing nginx's configuration");
  if (run->timed_out) {
    return Error(Code::Timeout, "nginx -t did not end within 8s",
                 "run it by hand: a name in its configuration that does not resolve takes long");
  }
  if (run->exit.succeeded()) return ok();
  return Error(Code::Refused,
               "nginx refuses the configuration with " + file + ": " + last_words(run->err),
               "correct what it names in " + settings.config +
                   " or in slipway.yaml; what nginx serves has not changed");
}

}  // namespace slipway::drivers::nginx

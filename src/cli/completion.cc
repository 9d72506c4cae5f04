// Completion scripts: static text from the table, so that a key press starts no process.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "cli/help.h"

namespace slipway::cli {
namespace {
// The next words after each verb or beginning of one: "" -> init check …; "edge" -> run list ….
std::vector<std::string> beginnings() {
  std::set<std::string> out{""};
  for (const auto& verb : verbs()) {
    if (verb.group == Group::Hidden) continue;
    const std::string name(verb.name);
    for (auto at = name.find(' '); at != std::string::npos; at = name.find(' ', at + 1))
      out.insert(name.substr(0, at));
  }
  return {out.begin(), out.end()};
}

std::vector<std::string> next_words(const std::string& beginning) {
  std::vector<std::string> out;
  const std::string start = beginning.empty() ? "" : beginning + " ";
  for (const auto& verb : verbs()) {
    if (verb.group == Group::Hidden || !verb.name.starts_with(start)) continue;
    const std::string rest(verb.name.substr(start.size()));
    const std::string word = rest.substr(0, rest.find(' '));
    if (!word.empty() && std::find(out.begin(), out.end(), word) == out.end()) out.push_back(word);
  }
  return out;
}

std::vector<std::string> option_words(const Verb& verb) {
  std::vector<std::string> out;
  for (const auto& option : options_of(verb)) out.emplace_back(option.name);
  return out;
}

std::string choices_of(const Verb& verb) {
  std::string out;
  for (const auto& argument : verb.arguments)
    if (!argument.choices.empty()) out += (out.empty() ? "" : " ") + std::string(argument.choices);
  return out;
}

std::string shell_case(const std::string& name, const std::string& words) {
  return fmt::format("    {}) offers=\"{}\" ;;\n", name.empty() ? "''" : "\"" + name + "\"", words);
}

// "case" rows that set words by the verb typed so far, the same for bash and zsh.
std::string rows() {
  std::string out;
  std::set<std::string> done;
  for (const auto& beginning : beginnings()) {
    std::string words = join(next_words(beginning), " ");
    if (const Verb* verb = find_verb(beginning)) words += " " + join(option_words(*verb), " ");
    out += shell_case(beginning, words);
    done.insert(beginning);
  }
  for (const auto& verb : verbs()) {
    if (verb.group == Group::Hidden || done.contains(std::string(verb.name))) continue;
    std::string words = choices_of(verb);
    if (verb.name == "help") words = join(next_words(""), " ");
    if (!words.empty()) words += " ";
    out += shell_case(std::string(verb.name), words + join(option_words(verb), " "));
  }
  return out;
}

std::string option_rows() {
  std::string out;
  std::set<std::string> done;
  for (const auto& verb : verbs()) {
    for (const auto& option : verb.options) {
      if (option.choices.empty() || !done.insert(std::string(option.name)).second) continue;
      out += shell_case(std::string(option.name), std::string(option.choices));
    }
  }
  return out;
}

std::string known_verbs() {
  std::string out;
  for (const auto& verb : verbs())
    if (verb.group != Group::Hidden) out += fmt::format("|{}", verb.name);
  for (const auto& beginning : beginnings())
    if (!beginning.empty() && find_verb(beginning) == nullptr) out += fmt::format("|{}", beginning);
  return out + "|";
}

std::string bash() {
  return fmt::format(R"(# bash completion for slipway; made by: slipway completion bash
_slipway() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  local verb="" word offers="" known="{}" i longer
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${{COMP_WORDS[i]}}"
    longer="${{verb:+$verb }}$word"
    case "$known" in *"|$longer|"*) verb="$longer" ;; esac
  done
  case "$previous" in
    -f|--file|--log-file|--socket) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --state) COMPREPLY=($(compgen -d -- "$current")); return ;;
{}    *) ;;
  esac
  [ -n "$offers" ] || case "$verb" in
{}  esac
  COMPREPLY=($(compgen -W "$offers" -- "$current"))
}}
complete -F _slipway slipway
)",
                     known_verbs(), option_rows(), rows());
}

std::string zsh() {
  return fmt::format(R"(#compdef slipway
# zsh completion for slipway; made by: slipway completion zsh
_slipway() {{
  local verb="" word longer known="{}" previous="${{words[CURRENT-1]}}"
  local -a typed; typed=("${{(@)words[2,CURRENT-1]}}")
  for word in "${{typed[@]}}"; do
    longer="${{verb:+$verb }}$word"
    case "$known" in *"|$longer|"*) verb="$longer" ;; esac
  done
  local offers=""
  case "$previous" in
    -f|--file|--log-file|--socket) _files; return ;;
    --state) _files -/; return ;;
{}    *) ;;
  esac
  [ -n "$offers" ] || case "$verb" in
{}  esac
  compadd -- ${{=offers}}
}}
compdef _slipway slipway
)",
                     known_verbs(), option_rows(), rows());
}

std::string quoted(std::string_view text) {
  return "'" + replace_all(replace_all(std::string(text), "\\", "\\\\"), "'", "\\'") + "'";
}

std::string fish_option(const Verb& verb, const Option& option) {
  std::string out = fmt::format("complete -c slipway -n \"__slipway_is {}\" -l {}",
                                quoted(verb.name), option.name.substr(2));
  if (!option.letter.empty()) out += fmt::format(" -s {}", option.letter.substr(1));
  if (!option.value.empty()) out += " -r";
  if (!option.choices.empty()) out += fmt::format(" -f -a {}", quoted(option.choices));
  return out + fmt::format(" -d {}\n", quoted(option.help));
}

std::string fish() {
  std::string out = fmt::format(R"(# fish completion for slipway; made by: slipway completion fish
function __slipway_verb
    set -l known '{}'
    set -l verb ''
    for word in (commandline -opc)[2..-1]
        set -l longer (string trim -- "$verb $word")
        if string match -q -- "*|$longer|*" $known
            set verb $longer
        end
    end
    echo $verb
end
function __slipway_is
    test (__slipway_verb) = "$argv[1]"
end
complete -c slipway -f
)",
                                known_verbs());
  for (const auto& beginning : beginnings()) {
    out += fmt::format("complete -c slipway -n \"__slipway_is {}\" -a {}\n", quoted(beginning),
                       quoted(join(next_words(beginning), " ")));
  }
  for (const auto& verb : verbs()) {
    if (verb.group == Group::Hidden) continue;
    for (const auto& option : options_of(verb)) out += fish_option(verb, option);
    const std::string choices = choices_of(verb);
    if (choices.empty()) continue;
    out += fmt::format("complete -c slipway -n \"__slipway_is {}\" -a {}\n", quoted(verb.name),
                       quoted(choices));
  }
  return out;
}
}  // namespace

std::string completion(std::string_view shell) {
  if (shell == "zsh") return zsh();
  return shell == "fish" ? fish() : bash();
}

}  // namespace slipway::cli

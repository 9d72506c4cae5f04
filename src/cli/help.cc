#include "cli/help.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace slipway::cli {
namespace {
constexpr std::size_t kWidth = 96;
constexpr std::size_t kVerbWidth = 23;  // "edge certificate obtain"

// The text broken at words, every line behind `indent` blanks.
std::string wrapped(std::string_view text, std::size_t indent) {
  std::string out;
  for (const auto line : split(text, '\n')) {
    std::string row(indent, ' ');
    for (const auto word : split(line, ' ')) {
      if (row.size() + word.size() + 1 > kWidth && row.size() > indent) {
        out += row + "\n";
        row.assign(indent, ' ');
      }
      if (row.size() > indent) row += ' ';
      row += word;
    }
    out += std::string(row.find_last_not_of(' ') == std::string::npos ? "" : row) + "\n";
  }
  return out;
}

std::string two_columns(const std::string& left, std::string_view right, std::size_t width) {
  std::string text = wrapped(right, width + 4);
  if (left.size() > width) return fmt::format("  {}\n{}", left, text);
  return fmt::format("  {:<{}}  {}", left, width, text.substr(width + 4));
}

std::string option_text(const Option& option) {
  std::string out(option.letter);
  if (!out.empty()) out += ", ";
  out += option.name;
  if (!option.value.empty()) out += " " + std::string(option.value);
  return out;
}

std::string option_help(const Option& option) {
  std::string out(option.help);
  if (!option.otherwise.empty()) out += fmt::format(" (default: {})", option.otherwise);
  return out;
}

std::string options_text(std::span<const Option> options) {
  std::size_t width = 0;
  for (const auto& option : options) width = std::max(width, option_text(option).size());
  std::string out;
  for (const auto& option : options)
    out += two_columns(option_text(option), option_help(option), std::min<std::size_t>(width, 26));
  return out;
}

std::string sub_verbs(std::string_view name) {
  std::string out;
  for (const auto* verb : below(name))
    out += two_columns(std::string(verb->name), verb->summary, kVerbWidth);
  return out;
}

constexpr Group kGroups[] = {Group::Start, Group::Release, Group::Look, Group::Serve, Group::About};
constexpr std::string_view kExits =
    "0 done · 1 failed · 2 usage or configuration · 3 refused by a gate · 4 rolled back · 5 "
    "aborted "
    "· 6 cannot reach the daemon";
}  // namespace

std::string usage_of(const Verb& verb) {
  std::string out;
  for (const auto& argument : verb.arguments) {
    if (!out.empty()) out += ' ';
    out += argument.need == Need::Optional ? fmt::format("[{}]", argument.name)
                                           : std::string(argument.name);
    if (argument.need == Need::Many) out += "…";
  }
  return out;
}

std::string overview() {
  std::string out =
      "slipway releases your app without losing a request, and takes a bad release back.\n\n"
      "usage: slipway VERB [options]\n";
  for (const Group group : kGroups) {
    out += fmt::format("\n{}\n", title_of(group));
    for (const auto& verb : verbs()) {
      if (verb.group == group) out += two_columns(std::string(verb.name), verb.summary, kVerbWidth);
    }
  }
  out += "\nOptions of every verb\n" + options_text(global_options());
  out += "\nExit status\n" + wrapped(kExits, 2);
  return out + "\nOne verb in full: slipway help VERB\n";
}

std::string help_of(const Verb& verb) {
  const std::string usage = usage_of(verb);
  std::string out =
      fmt::format("slipway {}{}{}: {}\n", verb.name, usage.empty() ? "" : " ", usage, verb.summary);
  if (!verb.detail.empty()) out += "\n" + wrapped(verb.detail, 0);
  if (!verb.arguments.empty()) {
    out += "\nArguments\n";
    for (const auto& argument : verb.arguments)
      out += two_columns(std::string(argument.name), argument.help, 12);
  }
  if (!verb.options.empty()) out += "\nOptions\n" + options_text(verb.options);
  const auto all = options_of(verb);
  out += "\nOptions of every verb\n" + options_text(std::span(all).subspan(verb.options.size()));
  const std::string more = sub_verbs(verb.name);
  if (!more.empty()) out += "\nVerbs below it\n" + more;
  if (verb.example.empty()) return out;
  out += fmt::format("\nExample\n  $ {}\n", verb.example);
  for (const auto line : split(verb.output, '\n')) out += fmt::format("  {}\n", line);
  return out;
}

namespace {
std::string roff(std::string_view text) {
  std::string out = replace_all(std::string(text), "\\", "\\e");
  out = replace_all(out, "-", "\\-");
  // A point or an apostrophe at the start of a line would be a command.
  out = replace_all(out, "\n.", "\n\\&.");
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string roff_option(const Option& option) {
  return fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(option_text(option)), roff(option_help(option)));
}

std::string roff_verb(const Verb& verb) {
  std::string out = fmt::format(".SS slipway {} {}\n{}.\n", roff(verb.name), roff(usage_of(verb)),
                                roff(verb.summary));
  if (!verb.detail.empty())
    out += ".PP\n" + roff(replace_all(std::string(verb.detail), "\n\n", "\n")) + "\n";
  for (const auto& argument : verb.arguments)
    out += fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(argument.name), roff(argument.help));
  for (const auto& option : verb.options) out += roff_option(option);
  if (verb.example.empty()) return out;
  return out +
         fmt::format(".PP\n.nf\n.RS\n$ {}\n{}\n.RE\n.fi\n", roff(verb.example), roff(verb.output));
}
}  // namespace

std::string manual(std::string_view version) {
  std::string out = fmt::format(
      ".TH SLIPWAY 1 \"\" \"slipway {}\" \"User Commands\"\n.SH NAME\n"
      "slipway \\- release an app without losing a request\n.SH SYNOPSIS\n"
      ".B slipway\n.I VERB\n.RI [ options ]\n.SH DESCRIPTION\n"
      "slipway releases an app as slipway.yaml says, watches the release, and takes a bad one "
      "back.\n"
      ".SH VERBS\n",
      roff(version));
  for (const auto& verb : verbs()) {
    if (verb.group != Group::Hidden) out += roff_verb(verb);
  }
  out += ".SH OPTIONS OF EVERY VERB\n";
  for (const auto& option : global_options()) out += roff_option(option);
  return out + ".SH EXIT STATUS\n" + roff(kExits) +
         "\n.SH ENVIRONMENT\n"
         ".TP\nSLIPWAY_STATE\nthe state folder, as with \\-\\-state\n"
         ".TP\nSLIPWAY_HOST\nhttp://127.0.0.1:PORT of a daemon that listens on TCP; without it, "
         "the unix "
         "socket in the state folder\n"
         ".TP\nSLIPWAY_TOKEN\nthe token for SLIPWAY_HOST\n"
         ".TP\nNO_COLOR\nset to anything: plain text\n";
}

namespace {
std::string markdown_cell(std::string_view text) {
  return replace_all(std::string(text), "|", "\\|");
}

std::string markdown_options(std::span<const Option> options) {
  std::string out = "| option | meaning |\n|---|---|\n";
  for (const auto& option : options)
    out += fmt::format("| `{}` | {} |\n", option_text(option), markdown_cell(option_help(option)));
  return out + "\n";
}

std::string markdown_verb(const Verb& verb) {
  const std::string usage = usage_of(verb);
  std::string out = fmt::format("### slipway {}{}{}\n\n{}.\n\n", verb.name,
                                usage.empty() ? "" : " ", usage, verb.summary);
  if (!verb.detail.empty()) out += std::string(verb.detail) + "\n\n";
  for (const auto& argument : verb.arguments)
    out += fmt::format("- `{}`: {}\n", argument.name, argument.help);
  if (!verb.arguments.empty()) out += "\n";
  if (!verb.options.empty()) out += markdown_options(verb.options);
  return out + fmt::format("```console\n$ {}\n{}\n```\n\n", verb.example, verb.output);
}
}  // namespace

std::string reference() {
  std::string out = fmt::format(
      "# The command line\n\nMade by the table in `src/cli/verb_table.cc` (a test keeps this page "
      "true).\n\n"
      "Exit status: {}.\n\n## Options of every verb\n\n{}",
      kExits, markdown_options(global_options()));
  out +=
      "| variable | meaning |\n|---|---|\n"
      "| `SLIPWAY_STATE` | the state folder, as with `--state` |\n"
      "| `SLIPWAY_HOST` | `http://127.0.0.1:PORT` of a daemon that listens on TCP; without it, the "
      "unix socket in the state folder |\n"
      "| `SLIPWAY_TOKEN` | the token for `SLIPWAY_HOST` |\n"
      "| `NO_COLOR` | set to anything: plain text |\n\n";
  for (const Group group : kGroups) {
    out += fmt::format("## {}\n\n", title_of(group));
    for (const auto& verb : verbs()) {
      if (verb.group == group) out += markdown_verb(verb);
    }
  }
  out.pop_back();
  return out;
}

}  // namespace slipway::cli

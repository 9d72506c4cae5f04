#pragma once
// The one table of verbs. It feeds the parser, --help, shell completion, the man page and
// docs/reference/cli.md, so that they cannot tell different stories.
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::cli {

enum class Need { Required, Optional, Many };  // Many: one or more, as the last

struct Argument {
  std::string_view name;  // "ENV"
  std::string_view help;
  Need need = Need::Required;
  std::string_view choices{};  // "bash zsh fish"; empty: anything
};

struct Option {
  std::string_view name;      // "--detach"
  std::string_view letter{};  // "-d"
  std::string_view value{};   // "FILE"; empty: a flag
  std::string_view help{};
  std::string_view otherwise{};  // the default, as text
  std::string_view choices{};    // "promoted done"
  enum class Times { Once, Many } times = Times::Once;
};

enum class Group { Start, Release, Look, Serve, About, Hidden };

struct Verb {
  std::string_view name;  // "deploy", "daemon token create"
  Group group = Group::About;
  std::string_view summary{};
  std::string_view detail{};  // paragraphs
  std::span<const Argument> arguments{};
  std::span<const Option> options{};
  std::string_view example{};  // a command line
  std::string_view output{};   // what it prints
};

std::span<const Verb> verbs();
std::span<const Verb> edge_verbs();      // the part of the table in edge_verbs.cc
std::span<const Verb> migrate_verbs();   // the part of the table in migrate_verbs.cc
std::span<const Verb> database_verbs();  // the part of the table in database_verbs.cc
std::span<const Verb> backup_verbs();    // the part of the table in backup_verbs.cc
std::span<const Verb> incident_verbs();  // the part of the table in incident_verbs.cc
std::span<const Verb> lint_verbs();      // the part of the table in lint_verbs.cc
std::span<const Option> global_options();
std::string_view title_of(Group group);

const Verb* find_verb(std::string_view name);
// The verbs one word longer than `prefix` ("daemon token" -> create, list, revoke).
std::vector<const Verb*> below(std::string_view prefix);
// Every option the verb takes, its own before the global ones.
std::vector<Option> options_of(const Verb& verb);

// The verb that a command line means, and the words that are left for it.
struct Wanted {
  const Verb* verb = nullptr;  // nullptr: none is named, or it is unknown
  std::string unknown;         // the word that is no verb
  std::vector<std::string> words;
};
Wanted wanted_verb(const std::vector<std::string>& words);

}  // namespace slipway::cli

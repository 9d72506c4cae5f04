// slipway help, completion and man: the table, printed.
#include <fmt/core.h>

#include "base/text.h"
#include "cli/entries.h"
#include "cli/help.h"

namespace slipway::cli {

int run_help(Session& session) {
  std::vector<std::string> words;
  for (const auto* name : {"VERB", "VERB2", "VERB3"}) {
    for (const auto& word : session.given().all(name)) words.push_back(word);
  }
  const std::string name = join(words, " ");
  if (name.empty()) {
    session.print(overview());
    return 0;
  }
  if (const Verb* verb = find_verb(name)) {
    session.print(help_of(*verb));
    return 0;
  }
  const auto more = below(name);
  if (more.empty()) {
    return session.fail(Error(Code::Usage, fmt::format("there is no verb \"{}\"", name),
                              "all verbs: slipway help"));
  }
  for (const auto* verb : more) session.print(help_of(*verb) + "\n");
  return 0;
}

int run_completion(Session& session) {
  session.print(completion(session.given().text("SHELL")));
  return 0;
}

int run_man(Session& session) {
  const bool is_markdown = session.given().has("--markdown");
  session.print(is_markdown ? reference() : manual(session.around().version));
  return 0;
}

}  // namespace slipway::cli

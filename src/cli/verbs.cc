#include "cli/verbs.h"

#include <algorithm>

#include "base/text.h"

namespace slipway::cli {

std::string_view title_of(Group group) {
  switch (group) {
    case Group::Start:
      return "Begin";
    case Group::Release:
      return "Release";
    case Group::Look:
      return "Look";
    case Group::Serve:
      return "Serve";
    case Group::About:
      return "About slipway";
    case Group::Hidden:
      return "";
  }
  return "";
}

const Verb* find_verb(std::string_view name) {
  const auto all = verbs();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Verb& verb) { return verb.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<const Verb*> below(std::string_view prefix) {
  std::vector<const Verb*> out;
  const std::string start = prefix.empty() ? "" : std::string(prefix) + " ";
  for (const auto& verb : verbs()) {
    const bool under = verb.name.starts_with(start) && verb.name.size() > start.size();
    const bool is_direct = under && verb.name.find(' ', start.size()) == std::string_view::npos;
    if (is_direct && verb.group != Group::Hidden) out.push_back(&verb);
  }
  return out;
}

std::vector<Option> options_of(const Verb& verb) {
  std::vector<Option> out(verb.options.begin(), verb.options.end());
  for (const auto& option : global_options()) {
    const bool is_own = std::any_of(out.begin(), out.end(),
                                    [&](const Option& own) { return own.name == option.name; });
    if (!is_own) out.push_back(option);
  }
  // An option of the verb takes the letter from a global one.
  for (std::size_t i = verb.options.size(); i < out.size(); ++i) {
    for (const auto& own : verb.options) {
      if (!out[i].letter.empty() && out[i].letter == own.letter) out[i].letter = {};
    }
  }
  return out;
}

namespace {
// How many words a global option in front of the verb takes; 0: it is none.
std::size_t global_width(const std::string& word) {
  for (const auto& option : global_options()) {
    const bool same = word == option.name || (!option.letter.empty() && word == option.letter);
    if (same) return option.value.empty() ? 1 : 2;
    if (word.starts_with(std::string(option.name) + "=")) return 1;
  }
  return 0;
}

bool begins_a_verb(const std::string& name) {
  return find_verb(name) != nullptr || !below(name).empty();
}
}  // namespace

Wanted wanted_verb(const std::vector<std::string>& words) {
  Wanted out;
  std::size_t at = 0;
  while (at < words.size()) {
    const auto width = global_width(words[at]);
    if (width == 0) break;
    for (std::size_t i = 0; i < width && at < words.size(); ++i) out.words.push_back(words[at++]);
  }
  std::string name;
  while (at < words.size()) {
    const std::string longer = name.empty() ? words[at] : name + " " + words[at];
    if (!begins_a_verb(longer)) break;
    name = longer;
    ++at;
  }
  out.verb = find_verb(name);
  if (out.verb == nullptr && at < words.size()) {
    out.unknown = name.empty() ? words[at] : name + " " + words[at];
  } else if (out.verb == nullptr) {
    out.unknown = name;
  }
  out.words.insert(out.words.end(), words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
  return out;
}

}  // namespace slipway::cli

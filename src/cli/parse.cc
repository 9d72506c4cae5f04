#include "cli/parse.h"

#include <fmt/core.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "base/units.h"
#include "cli/help.h"

namespace slipway::cli {

bool Given::has(std::string_view name) const { return values_.find(name) != values_.end(); }

std::string Given::text(std::string_view name) const {
  const auto found = values_.find(name);
  if (found != values_.end() && !found->second.empty()) return found->second.back();
  for (const auto& option : verb_->options) {
    if (option.name == name) return std::string(option.otherwise);
  }
  return {};
}

std::vector<std::string> Given::all(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

namespace {
std::string see_help(const Verb& verb) { return fmt::format("see: slipway help {}", verb.name); }

Error not_a_value(const Verb& verb, std::string_view name, const std::string& value,
                  const std::string& wanted) {
  return {Code::Usage, fmt::format("{} {} is not {}", name, value, wanted), see_help(verb)};
}

// CLI11 names for one option: "-f,--file".
std::string names_of(const Option& option) {
  std::string out(option.name);
  return option.letter.empty() ? out : std::string(option.letter) + "," + out;
}

Result<void> check_choice(const Verb& verb, std::string_view name, std::string_view choices,
                          const std::string& value) {
  if (choices.empty()) return ok();
  std::vector<std::string> known;
  for (const auto choice : split(choices, ' ')) known.emplace_back(choice);
  if (std::find(known.begin(), known.end(), value) != known.end()) return ok();
  return not_a_value(verb, name, value, "one of " + join(known, ", "));
}

// The words go to the arguments in order; optional ones are left out from the left when there are
// too few words for all.
Result<void> give_arguments(const Verb& verb, const std::vector<std::string>& words, Given& given) {
  const auto& arguments = verb.arguments;
  const auto required = static_cast<std::size_t>(
      std::count_if(arguments.begin(), arguments.end(),
                    [](const Argument& one) { return one.need != Need::Optional; }));
  if (words.size() < required) {
    return Error(Code::Usage, fmt::format("slipway {} needs {}", verb.name, usage_of(verb)),
                 see_help(verb));
  }
  const bool takes_more = !arguments.empty() && arguments.back().need == Need::Many;
  if (words.size() > arguments.size() && !takes_more) {
    return Error(Code::Usage,
                 fmt::format("slipway {} does not take \"{}\"", verb.name, words[arguments.size()]),
                 see_help(verb));
  }
  std::size_t spare = words.size() - required;
  std::size_t at = 0;
  for (const auto& argument : arguments) {
    if (argument.need == Need::Optional && spare == 0) continue;
    if (argument.need == Need::Optional) --spare;
    TRY(check_choice(verb, argument.name, argument.choices, words[at]));
    const std::size_t end = argument.need == Need::Many ? words.size() : at + 1;
    given.set(std::string(argument.name),
              std::vector<std::string>(words.begin() + static_cast<std::ptrdiff_t>(at),
                                       words.begin() + static_cast<std::ptrdiff_t>(end)));
    at = end;
  }
  return ok();
}

Error unknown_option(const Verb& verb, const std::string& word) {
  std::vector<std::string> known;
  for (const auto& option : options_of(verb)) known.emplace_back(option.name);
  const auto near = nearest(word.substr(0, word.find('=')), known);
  return {Code::Usage, fmt::format("slipway {} has no option {}", verb.name, word),
          near ? fmt::format("did you mean {}? {}", *near, see_help(verb)) : see_help(verb)};
}

struct Grammar {
  CLI::App app;
  std::vector<std::pair<Option, CLI::Option*>> options;
  CLI::Option* words = nullptr;
};

void declare(Grammar& grammar, const Verb& verb) {
  grammar.app.set_help_flag();
  grammar.app.allow_extras();
  for (const auto& option : options_of(verb)) {
    CLI::Option* made = option.value.empty() ? grammar.app.add_flag(names_of(option))
                                             : grammar.app.add_option(names_of(option));
    if (!option.value.empty()) {
      made->type_size(1);
      made->expected(1);
      made->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      if (option.times == Option::Times::Many) made->allow_extra_args(false);
    }
    grammar.options.emplace_back(option, made);
  }
}

Result<Given> taken(Grammar& grammar, const Verb& verb) {
  Given given(verb);
  for (const auto& [option, made] : grammar.options) {
    if (made->count() == 0) continue;
    auto values = option.value.empty() ? std::vector<std::string>{} : made->results();
    for (const auto& value : values) TRY(check_choice(verb, option.name, option.choices, value));
    if (option.times == Option::Times::Once && values.size() > 1) {
      return Error(Code::Usage, fmt::format("{} is given more than once", option.name),
                   see_help(verb));
    }
    given.set(std::string(option.name), std::move(values));
  }
  // --help must not ask for arguments first.
  if (given.has("--help")) return given;
  const auto left = grammar.app.remaining();
  for (const auto& word : left) {
    if (word.size() > 1 && word.front() == '-') return unknown_option(verb, word);
  }
  TRY(give_arguments(verb, left, given));
  return given;
}
}  // namespace

Result<std::int64_t> Given::number(std::string_view name, std::int64_t least,
                                   std::int64_t most) const {
  const std::string value = text(name);
  std::int64_t number = 0;
  const auto [end, err] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (err != std::errc() || end != value.data() + value.size() || number < least || number > most) {
    return not_a_value(*verb_, name, value, fmt::format("a number from {} to {}", least, most));
  }
  return number;
}

Result<Millis> Given::duration(std::string_view name) const {
  const std::string value = text(name);
  const auto parsed = parse_duration(value);
  if (parsed) return *parsed;
  return not_a_value(*verb_, name, value, "a duration such as 30s or 5m");
}

Result<Given> parse(const Verb& verb, const std::vector<std::string>& words) {
  try {
    Grammar grammar;
    declare(grammar, verb);
    // CLI11 takes the words last first.
    grammar.app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    return taken(grammar, verb);
  } catch (const CLI::ParseError& error) {
    return Error(Code::Usage, fmt::format("slipway {}: {}", verb.name, error.what()),
                 see_help(verb));
  } catch (const CLI::Error& error) {
    return Error(Code::Internal, fmt::format("the options of {}: {}", verb.name, error.what()));
  }
}

}  // namespace slipway::cli

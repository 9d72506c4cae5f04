// The table of verbs, and what is made from it.
#include "cli/verbs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "cli/help.h"
#include "cli/run.h"
#include "io/files.h"

namespace slipway::cli {
namespace {

TEST(Verbs, EachHasASummaryAnExampleAndWhatItPrints) {
  std::set<std::string_view> names;
  for (const auto& verb : verbs()) {
    EXPECT_TRUE(names.insert(verb.name).second) << verb.name << " stands twice";
    EXPECT_FALSE(verb.summary.empty()) << verb.name;
    if (verb.group == Group::Hidden) continue;
    EXPECT_TRUE(verb.example.starts_with("slipway " + std::string(verb.name))) << verb.name;
    EXPECT_FALSE(verb.output.empty()) << verb.name;
  }
}

TEST(Verbs, NoTwoOptionsOfAVerbShareANameOrALetter) {
  for (const auto& verb : verbs()) {
    std::set<std::string_view> seen;
    for (const auto& option : options_of(verb)) {
      EXPECT_TRUE(option.name.starts_with("--")) << option.name;
      EXPECT_TRUE(seen.insert(option.name).second) << verb.name << " " << option.name;
      if (!option.letter.empty()) {
        EXPECT_TRUE(seen.insert(option.letter).second) << verb.name << " " << option.letter;
      }
    }
  }
}

TEST(Verbs, EachVerbHasAFunctionHereOrInTheApp) {
  for (const auto& verb : verbs()) {
    const auto own = own_entries();
    const bool is_own = std::any_of(own.begin(), own.end(),
                                    [&](const Entry& entry) { return entry.verb == verb.name; });
    const bool is_apps = verb.name == "daemon" || verb.name == "dev" || verb.name == "shim" ||
                         verb.name.starts_with("edge") || verb.name.starts_with("migrate") ||
                         verb.name.starts_with("db ");
    EXPECT_TRUE(is_own || is_apps) << verb.name;
  }
  for (const auto& entry : own_entries()) EXPECT_NE(find_verb(entry.verb), nullptr) << entry.verb;
}

TEST(Verbs, TheLongestNameWinsAndGlobalOptionsMayStandInFront) {
  const auto wanted = wanted_verb({"--state", "/tmp/x", "--json", "daemon", "token", "list", "-q"});
  ASSERT_NE(wanted.verb, nullptr);
  EXPECT_EQ(wanted.verb->name, "daemon token list");
  EXPECT_EQ(wanted.words, (std::vector<std::string>{"--state", "/tmp/x", "--json", "-q"}));
  EXPECT_EQ(wanted_verb({"edge", "--listen", ":80"}).verb->name, "edge");
  EXPECT_EQ(wanted_verb({"maintenance"}).verb, nullptr);
  EXPECT_EQ(wanted_verb({"deplyo", "x"}).unknown, "deplyo");
}

TEST(Help, TellsEveryArgumentAndOptionOfAVerb) {
  for (const auto& verb : verbs()) {
    const std::string help = help_of(verb);
    for (const auto& argument : verb.arguments)
      EXPECT_NE(help.find(argument.name), std::string::npos) << verb.name;
    for (const auto& option : options_of(verb))
      EXPECT_NE(help.find(option.name), std::string::npos) << verb.name << " " << option.name;
    for (const auto line : split(help, '\n')) EXPECT_LE(line.size(), 120u) << line;
  }
}

TEST(Help, TheOverviewNamesEveryVerbButTheHiddenOnes) {
  const std::string text = overview();
  for (const auto& verb : verbs()) {
    const bool is_there = text.find("  " + std::string(verb.name) + " ") != std::string::npos;
    EXPECT_EQ(is_there, verb.group != Group::Hidden) << verb.name;
  }
}

TEST(Completion, EveryShellKnowsEveryVerbAndOption) {
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion(shell);
    for (const auto& verb : verbs()) {
      if (verb.group == Group::Hidden) continue;
      EXPECT_NE(script.find(verb.name), std::string::npos) << shell << " " << verb.name;
      for (const auto& option : verb.options) {
        const bool is_fish = std::string_view(shell) == "fish";
        const std::string name(is_fish ? "-l " + std::string(option.name.substr(2)) : option.name);
        EXPECT_NE(script.find(name), std::string::npos) << shell << " " << option.name;
      }
    }
  }
}

TEST(Manual, HasNoLineThatRoffWouldTakeForACommandByMistake) {
  const std::string page = manual("1.2.3");
  for (const auto line : split(page, '\n')) {
    if (!line.starts_with('.') && !line.starts_with('\'')) continue;
    static const std::set<std::string> kKnown{".TH", ".SH", ".SS", ".TP", ".PP", ".nf",
                                              ".fi", ".RS", ".RE", ".B",  ".I",  ".RI"};
    EXPECT_TRUE(kKnown.contains(std::string(line.substr(0, line.find(' '))))) << line;
  }
}

TEST(Reference, ThePageInTheDocsIsTheOneOfTheTable) {
  const auto page = io::read_file(std::string(SLIPWAY_SOURCE_DIR) + "/docs/reference/cli.md");
  ASSERT_TRUE(page) << page.error().what;
  EXPECT_EQ(*page, reference()) << "make it anew: slipway man --markdown > docs/reference/cli.md";
}

}  // namespace
}  // namespace slipway::cli

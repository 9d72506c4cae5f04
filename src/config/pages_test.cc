// The files that are made from the table of keys, and the examples that must follow it.
#include <cstdlib>
#include <fstream>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "config/keys.h"
#include "config/load_test_kit.h"
#include "config/values.h"
#include "config/yaml.h"

namespace slipway::config {
namespace {

// With UPDATE_DOCS=1 the page is written anew.
void expect_page(const char* name, const std::string& text) {
  const auto path = source_tree() / "docs/reference" / name;
  if (std::getenv("UPDATE_DOCS") != nullptr) std::ofstream(path) << text;
  EXPECT_EQ(read_file(path), text);
}

TEST(Pages, TheReferenceInTheDocsIsTheOneOfTheTable) {
  expect_page("slipway-yaml.md", reference_page());
}

// The list of types in one line each: most of the page would be line ends otherwise.
std::string with_short_lists(const std::string& text) {
  constexpr std::string_view kList = "\"type\": [";
  std::string out;
  std::size_t at = 0;
  for (std::size_t list = text.find(kList); list != text.npos; list = text.find(kList, at)) {
    out += text.substr(at, list - at);
    const std::size_t end = text.find(']', list);
    for (at = list; at < end; ++at) {
      const bool is_layout = text[at] == '\n' || (text[at] == ' ' && text[at - 1] != ':');
      if (!is_layout) out += text[at];
    }
  }
  return out + text.substr(at);
}

TEST(Pages, TheSchemaInTheDocsIsTheOneOfTheTable) {
  const auto page = with_short_lists(json_schema().dump(1)) + "\n";
  ASSERT_EQ(Json::parse(page)->dump(), json_schema().dump());
  expect_page("slipway.schema.json", page);
}

TEST(Pages, TheTableIsWhole) {
  std::set<std::string_view> paths;
  for (const auto& key : all_keys()) {
    EXPECT_TRUE(paths.insert(key.path).second) << key.path << " stands twice";
    EXPECT_FALSE(key.doc.empty()) << key.path;
    if (key.shape == Shape::Reserved || key.path == "environments") continue;
    if (key.shape == Shape::One && !key.otherwise.empty()) {
      EXPECT_FALSE(complaint_about(key, key.otherwise)) << key.path << ": default";
    }
    if (key.shape == Shape::One) {
      ASSERT_FALSE(key.example.empty()) << key.path;
      EXPECT_FALSE(complaint_about(key, key.example)) << key.path << ": example";
    }
  }
}

// Every key below `parent` that a tree uses.
void collect(const Node& node, const std::string& parent, Where level,
             std::set<std::string>& used) {
  for (const auto& item : node.items) {
    const Key* key = find_key(parent, item.key, level);
    if (key == nullptr) continue;
    used.insert(std::string(key->path));
    const auto inside = key->path == "environments.*" ? Where::Environment : level;
    if (!item.is_list()) collect(item, inside_of(*key), inside, used);
    for (const auto& one : item.items) {
      if (item.is_list() && one.is_map()) collect(one, inside_of(*key), inside, used);
    }
  }
}

TEST(Pages, TheFullExampleIsRightAndUsesEveryKey) {
  const auto text = read_file(source_tree() / "docs/reference/full-example.yaml");
  const auto result = load_text(text);
  EXPECT_TRUE(result.config) << all_text(result);
  Problems problems;
  const auto tree = parse_yaml(text, problems);
  ASSERT_TRUE(tree);
  std::set<std::string> used;
  collect(*tree, "", Where::Top, used);
  for (const auto& key : all_keys()) {
    if (key.shape != Shape::Reserved) {
      EXPECT_TRUE(used.contains(std::string(key.path))) << key.path;
    }
  }
}

TEST(Pages, TheExampleAppIsRight) {
  const auto result = load_text(read_file(source_tree() / "examples/shopflow/slipway.yaml"));
  ASSERT_TRUE(result.config) << all_text(result);
  EXPECT_TRUE(result.config->environments.contains("production"));
  EXPECT_EQ(result.config->environments.at("production").rollout.strategy, Strategy::Canary);
}

TEST(Pages, TheStarterFileIsRightAsItIs) {
  const auto result = load_text(starter_file("my-shop"));
  ASSERT_TRUE(result.config) << all_text(result);
  EXPECT_EQ(result.config->app, "my-shop");
  EXPECT_EQ(load_text(starter_file("Not A Name!")).config->app, "my-app");
}

// "name: …" or "- …", as against prose.
bool is_setting(std::string_view line) {
  line = trim(line);
  const auto word = line.substr(0, line.find(':'));
  return line.starts_with("- ") || (word.size() < line.size() && is_variable(word));
}

TEST(Pages, EveryCommentedKeyOfTheStarterFileIsRightWhereItStands) {
  const auto starter = starter_file("my-shop");
  std::string active;
  for (const auto line : split(starter, '\n')) {
    auto text = std::string(line);
    if (const auto mark = text.find("# ");
        mark != std::string::npos && is_setting(line.substr(mark + 2))) {
      text.erase(mark, 2);
    }
    active += text + "\n";
  }
  EXPECT_NE(active.find("\n      start_period: 1m"), std::string::npos) << active;
  // Only what names something of the reader's own may be wrong: a service 'api', a variable, a
  // script.
  for (const auto& diagnostic : load_text(active).diagnostics) {
    EXPECT_EQ(diagnostic.what.find("unknown key"), std::string::npos) << diagnostic.text();
    EXPECT_EQ(diagnostic.what.find("which is not"), std::string::npos) << diagnostic.text();
    EXPECT_EQ(diagnostic.what.find("YAML"), std::string::npos) << diagnostic.text();
  }
}

TEST(Pages, TheSchemaKnowsEveryKeyAndNoLaterOne) {
  const auto schema = json_schema();
  const auto& service =
      schema.at("properties").at("services").at("additionalProperties").at("properties");
  EXPECT_EQ(service.at("instances").integer("minimum"), 1);
  EXPECT_EQ(service.at("instances").integer("default"), 1);
  EXPECT_EQ(service.find("requires"), nullptr);
  EXPECT_NE(service.at("health").at("properties").find("start_period"), nullptr);
  const auto& environment =
      schema.at("properties").at("environments").at("additionalProperties").at("properties");
  EXPECT_NE(environment.find("inherits"), nullptr);
  EXPECT_EQ(environment.find("app"), nullptr);
  EXPECT_EQ(environment.at("services").text("$ref"), "#/properties/services");
  EXPECT_EQ(schema.at("properties").find("inherits"), nullptr);
  EXPECT_EQ(schema.at("additionalProperties").as_bool(), false);
}

}  // namespace
}  // namespace slipway::config

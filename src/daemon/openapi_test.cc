// docs/reference/openapi.yaml and the server's own route table say the same.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <set>

#include "base/text.h"
#include "daemon/routes.h"

namespace slipway::daemon {
namespace {

YAML::Node page() {
  const auto root = std::filesystem::path(SLIPWAY_SOURCE_DIR);
  return YAML::LoadFile((root / "docs/reference/openapi.yaml").string());
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

TEST(OpenApi, EveryRouteOfTheServerIsInThePageAndTheOtherWayRound) {
  std::set<std::string> served;
  for (const auto& route : routes())
    served.insert(std::string(route.method) + " " + std::string(route.pattern));
  std::set<std::string> documented;
  for (const auto& path : page()["paths"]) {
    for (const auto& method : path.second) {
      documented.insert(upper(method.first.as<std::string>()) + " " + path.first.as<std::string>());
    }
  }
  EXPECT_EQ(served, documented);
}

TEST(OpenApi, EveryRouteSaysTheRoleItNeeds) {
  const auto paths = page()["paths"];
  for (const auto& route : routes()) {
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto operation = paths[std::string(route.pattern)][method];
    EXPECT_EQ(operation["x-role"].as<std::string>(), name_of(route.role)) << route.pattern;
  }
}

TEST(OpenApi, EveryReferenceLeadsSomewhere) {
  const auto root = page();
  std::vector<YAML::Node> left{root};
  int references = 0;
  while (!left.empty()) {
    const YAML::Node node = left.back();
    left.pop_back();
    if (node.IsMap() && node["$ref"]) {
      ++references;
      const auto target = node["$ref"].as<std::string>();
      std::vector<YAML::Node> way{root};  // assigning a Node would change the document
      for (const auto part : split(std::string_view(target).substr(2), '/'))
        way.push_back(way.back()[std::string(part)]);
      EXPECT_TRUE(way.back().IsDefined()) << target;
    }
    if (!node.IsMap() && !node.IsSequence()) continue;
    for (const auto& child : node) left.push_back(node.IsMap() ? child.second : YAML::Node(child));
  }
  EXPECT_GT(references, 20);
}

TEST(Match, FillsThePlacesOfThePattern) {
  const auto found = match("POST", "/v1/environments/shop%20a/production/maintenance");
  ASSERT_NE(found.route, nullptr);
  EXPECT_EQ(found.places.at("app"), "shop a");
  EXPECT_EQ(found.places.at("environment"), "production");
}

TEST(Match, TellsAWrongMethodFromAWrongPath) {
  EXPECT_EQ(match("DELETE", "/v1/releases").allow, "GET, POST");
  EXPECT_EQ(match("GET", "/v1/release").allow, "");
  EXPECT_EQ(match("GET", "/v1/releases/").route, nullptr);
}

TEST(Query, IsDecoded) {
  const auto query = parse_query("app=a%26b&follow&lines=5");
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->at("app"), "a&b");
  EXPECT_EQ(query->at("follow"), "");
  EXPECT_FALSE(parse_query("app=%zz").has_value());
}

}  // namespace
}  // namespace slipway::daemon

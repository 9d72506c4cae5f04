// Every key of `services.NAME.edge` reaches the edge's table, and its documented default is the
// table's own.
#include "drivers/edge/settings.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "config/edge_settings.h"
#include "config/keys.h"
#include "config/load.h"

namespace slipway::drivers::edge {
namespace {
constexpr std::string_view kBlock = "services.*.edge.";

// The items of a list in quotes: "*+json" would be YAML's word for something else.
std::string quoted(std::string_view value) {
  if (!value.starts_with('[')) return std::string(value);
  std::string out;
  for (const auto item : split(value.substr(1, value.size() - 2), ','))
    out += (out.empty() ? "[\"" : ", \"") + std::string(trim(item)) + "\"";
  return out + "]";
}

// A file that says one key; TLS needs its files beside it.
std::string file_with(const config::Key& key, std::string_view value) {
  std::string out = "app: shop\nservices:\n  web:\n    run: x\n    edge:\n";
  std::string indent = "      ";
  const auto path = key.path.substr(kBlock.size());
  if (path.starts_with("tls")) out += indent + "x-pair: &pair { certificate: /c, key: /k }\n";
  bool in_list = false;
  for (const auto part : split(path, '.')) {
    const bool list = part.ends_with("[]");
    out += indent + (in_list ? "- " : "") +
           std::string(part.substr(0, part.size() - (list ? 2 : 0))) + ":";
    if (in_list) indent += "  ";  // what follows stands beside the name, not the dash
    in_list = list;
    indent += "  ";
    const bool last = part.data() + part.size() == path.data() + path.size();
    out += last ? " " + quoted(value) + "\n" : "\n";
    if (part == "tls" && !last) out += indent + "<<: *pair\n";
  }
  return out;
}

Json settings_with(const config::Key& key, std::string_view value) {
  const auto text = file_with(key, value);
  auto loaded = config::load(text, "slipway.yaml", "/srv");
  // A pair of files is complete only together; what is built is looked at all the same.
  EXPECT_TRUE(loaded.config) << key.path << "\n" << text << loaded.diagnostics.front().text();
  if (!loaded.config) return {};
  return loaded.config->environments.begin()->second.services.front().edge;
}

bool is_half_of_a_pair(const config::Key& key) {
  return key.name() == "certificate" || key.name() == "key";
}

template <class Look>
void each_value_key(Look look) {
  int seen = 0;
  for (const auto& key : config::all_keys()) {
    const bool value = key.shape == config::Shape::One || key.shape == config::Shape::List;
    if (!key.path.starts_with(kBlock) || !value || is_half_of_a_pair(key)) continue;
    look(key);
    ++seen;
  }
  EXPECT_GT(seen, 5);
}

TEST(EdgeSettings, EveryKeyOfTheFileIsAMemberOfTheTable) {
  each_value_key([](const config::Key& key) {
    const Json settings = settings_with(key, key.example);
    const auto service = with_settings(settings, "web");
    ASSERT_TRUE(service) << key.path << ": " << service.error().sentence();
    EXPECT_NE(*service, *with_settings({}, "web")) << key.path << " changes nothing";
    const auto keys = config::edge_keys_of(settings);
    const std::string name(key.path.substr(kBlock.size()));
    const auto whole = name.substr(0, name.find("[]"));
    EXPECT_NE(std::find(keys.begin(), keys.end(), whole), keys.end()) << key.path;
  });
}

// The same groups and list items with nothing in them but the files that TLS cannot do without.
Json without_values(const Json& settings) {
  Json out = Json::object();
  for (const auto& [name, value] : settings.members()) {
    Json items = Json::array();
    for (const Json& item : value.items()) {
      if (item.is_object()) items.push_back(without_values(item));
    }
    if (value.is_object()) out.set(name, without_values(value));
    if (items.size() > 0) out.set(name, items);
    if (name == "certificate" || (name == "key" && settings.find("certificate") != nullptr))
      out.set(name, value);
  }
  return out;
}

TEST(EdgeSettings, EveryDocumentedDefaultIsTheTablesOwn) {
  each_value_key([](const config::Key& key) {
    if (key.otherwise.empty()) return;
    const Json said = settings_with(key, key.otherwise);
    const auto a = with_settings(said, "web");
    const auto b = with_settings(without_values(said), "web");
    ASSERT_TRUE(a) << key.path << ": " << a.error().sentence();
    EXPECT_TRUE(*a == *b) << key.path << ": the table's default is not " << key.otherwise;
  });
}

TEST(EdgeSettings, WhatWasReadIsWrittenBack) {
  each_value_key([](const config::Key& key) {
    const auto service = with_settings(settings_with(key, key.example), "web");
    ASSERT_TRUE(service) << key.path;
    const auto again = with_settings(settings_of(*service), "web");
    ASSERT_TRUE(again) << key.path << ": " << again.error().sentence();
    EXPECT_EQ(*again, *service) << key.path;
  });
}

}  // namespace
}  // namespace slipway::drivers::edge

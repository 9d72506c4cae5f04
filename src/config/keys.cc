#include "config/keys.h"

#include <fmt/core.h>

#include "base/assert.h"
#include "base/text.h"

namespace slipway::config {

const std::vector<Key>& all_keys() {
  static const std::vector<Key> keys{
#define KEY(path, where, shape, type, range, otherwise, doc, example) \
  Key{path, Where::where, Shape::shape, Type::type, range, otherwise, doc, example},
#include "config/keys.def"
#undef KEY
  };
  return keys;
}

std::string_view Key::name() const {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string_view Key::parent() const {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

const Key& key_named(std::string_view path) {
  for (const auto& key : all_keys()) {
    if (key.path == path) return key;
  }
  ASSERT(!"every path the code names stands in keys.def");
  return all_keys().front();
}

bool allowed_at(const Key& key, Where level) {
  return key.where == Where::Both || key.where == level;
}

const Key* find_key(std::string_view parent, std::string_view name, Where level) {
  const Key* any = nullptr;
  for (const auto& key : all_keys()) {
    if (key.parent() != parent || !allowed_at(key, level)) continue;
    if (key.name() == name) return &key;
    if (key.name() == "*") any = &key;
  }
  return any;
}

std::vector<const Key*> children_of(std::string_view parent, Where level) {
  std::vector<const Key*> out;
  for (const auto& key : all_keys()) {
    if (key.parent() != parent || !allowed_at(key, level)) continue;
    if (key.shape != Shape::Reserved) out.push_back(&key);
  }
  return out;
}

std::string inside_of(const Key& key) {
  // What an environment holds are the keys of the top level.
  if (key.path == "environments.*") return {};
  return std::string(key.path) + (key.shape == Shape::MapList ? "[]" : "");
}

namespace {
std::string words_for_type(const Key& key) {
  switch (key.type) {
    case Type::None:
      return "a map";
    case Type::Plain:
      return "a text without quotes, ';', '#', '$', '{' and '}'";
    case Type::Text:
    case Type::Template:
    case Type::Value:
      return "a text";
    case Type::Name:
      return "a name of a-z, 0-9 and '-'";
    case Type::Variable:
      return "a variable name of letters, digits and '_'";
    case Type::Int:
      return "a whole number";
    case Type::Number:
      return "a number";
    case Type::Duration:
      return "a duration such as 30s, 5m or 1h30m";
    case Type::Percent:
      return "a percentage such as 10%";
    case Type::Size:
      return "a size such as 512MiB";
    case Type::Bool:
      return "true or false";
    case Type::Enum:
      return "one of " + replace_all(std::string(key.range), "|", ", ");
    case Type::Path:
      return "a path that begins with '/'";
    case Type::File:
      return "a file";
    case Type::Host:
      return "a host name";
    case Type::Cidr:
      return "an address or network such as 10.0.0.0/8";
    case Type::Url:
      return "an http or https URL";
    case Type::Trigger:
      return "a condition such as error_rate > 5%";
    case Type::Weekdays:
      return "weekdays such as tue-thu";
    case Type::Hours:
      return "hours such as 10:00-14:00";
    case Type::Date:
      return "a date such as 2026-12-24 or 12-24";
    case Type::Days:
      return "days such as 12-20..12-26, 4th thu of november or black-friday";
    case Type::Zone:
      return "a time zone such as Europe/Berlin";
    case Type::Condition:
      return "a condition such as error_rate > 1% or down";
    case Type::Bound:
      return "a number, or a multiple such as 2x baseline";
    case Type::Service:
      return "the name of a service";
    case Type::Secret:
      return "the name of a secret";
    case Type::SecretValue:
      return "a secret such as ${secret.BACKUP_PASSPHRASE}";
    case Type::DatabaseUrl:
      return "a secret such as ${secret.DATABASE_URL}, or postgresql://…";
    case Type::Environment:
      return "the name of an environment";
  }
  return "a value";
}
}  // namespace

std::string words_for(const Key& key) {
  switch (key.shape) {
    case Shape::One:
      return words_for_type(key);
    case Shape::List:
      return "a list, each item " + words_for_type(key);
    case Shape::Map:
      return "a map";
    case Shape::MapOf:
      return "a map by name";
    case Shape::MapList:
      return "a list of maps";
    case Shape::OneOrList:
      return words_for_type(key) + ", or a list of them";
    case Shape::OneOrMap:
      return words_for_type(key) + ", or a map";
    case Shape::Reserved:
      return "nothing yet";
  }
  return "a value";
}

}  // namespace slipway::config

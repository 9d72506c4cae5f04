#include <fmt/core.h>

#include "base/text.h"
#include "config/keys.h"
#include "config/load.h"
#include "config/values.h"

// The JSON Schema of slipway.yaml, so that editors complete and check while it is written. What
// only a look at the whole file can tell (circles, unknown names) stays with `slipway check`.
namespace slipway::config {
namespace {

constexpr std::string_view kDuration =
    R"(^(0|([0-9.]+d)?([0-9.]+h)?([0-9.]+m)?([0-9.]+s)?([0-9.]+ms)?)$)";

Json schema_of(const Key& key, Where level);

// null is allowed everywhere: it takes a key back to its default.
Json typed(std::string_view type) {
  Json out = Json::object();
  out.set("type", Json::array_of(std::vector<std::string>{std::string(type), "null"}));
  return out;
}

Json patterned(std::string_view pattern) { return typed("string").set("pattern", pattern); }

Json number_schema(const Key& key, std::string_view type) {
  Json out = typed(type);
  const auto dots = key.range.find("..");
  if (dots == std::string_view::npos) return out;
  const auto bound = [&](std::string_view text) {
    return key.type == Type::Int ? Json(parse_int(text).value_or(0))
                                 : Json(parse_number(text).value_or(0));
  };
  out.set("minimum", bound(key.range.substr(0, dots)));
  out.set("maximum", bound(key.range.substr(dots + 2)));
  return out;
}

Json enum_schema(const Key& key) {
  Json values = Json::array();
  for (const auto value : split(key.range, '|')) {
    values.push_back(value);
    // YAML reads 502 as a number, and slipway as what was written.
    if (const auto number = parse_int(value)) values.push_back(*number);
  }
  values.push_back(nullptr);
  return Json::object().set("enum", values);
}

// A bare 0 is the one duration, and a plain number the one size, that YAML reads as a number.
Json with_integer(Json schema, int most) {
  schema.set("type", Json::array_of(std::vector<std::string>{"string", "integer", "null"}));
  schema.set("minimum", 0);
  if (most >= 0) schema.set("maximum", most);
  return schema;
}

Json value_schema(const Key& key) {
  switch (key.type) {
    case Type::Int:
      return number_schema(key, "integer");
    case Type::Number:
      return number_schema(key, "number");
    case Type::Bool:
      return typed("boolean");
    case Type::Enum:
      return enum_schema(key);
    case Type::Duration:
      return with_integer(patterned(kDuration), 0);
    case Type::Percent:
      return patterned("^[0-9.]+%$");
    case Type::Size:
      return with_integer(patterned("^[0-9.]+(B|KiB|MiB|GiB)?$"), -1);
    case Type::Name:
    case Type::Service:
    case Type::Environment:
      return patterned("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$");
    case Type::Variable:
    case Type::Secret:
      return patterned("^[A-Za-z_][A-Za-z0-9_]*$");
    case Type::SecretValue:
      return patterned(R"(^\$\{secret\.[A-Za-z_][A-Za-z0-9_]*\}$)");
    case Type::DatabaseUrl:
      return patterned(R"(^(\$\{secret\.[A-Za-z_][A-Za-z0-9_]*\}|postgres(ql)?://))");
    case Type::Path:
      return patterned("^/");
    case Type::Host:
      return patterned(R"(^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$)");
    case Type::Url:
      return patterned("^https?://");
    case Type::Trigger:
      return patterned(R"(^(error_rate *>|latency_p[0-9]+ *>|health failing$|alert ))");
    case Type::Hours:
      return patterned("^ *[0-9]{1,2}:[0-9]{2} *- *[0-9]{1,2}:[0-9]{2} *$");
    case Type::Date:
      return patterned("^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$");
    case Type::Zone:
      return patterned("^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$");
    case Type::Condition:
      return patterned(R"(^(error_rate *>|latency_p[0-9]+ *>|health failing$|down$))");
    case Type::Bound:
      return patterned(R"(^[0-9.eE+-]+( *x baseline)?$)")
          .set("type", Json::array_of(std::vector<std::string>{"string", "number", "null"}));
    case Type::Value:
      return Json::object().set(
          "type", Json::array_of(std::vector<std::string>{"string", "number", "boolean", "null"}));
    case Type::Plain:
      return typed("string").set(
          "type", Json::array_of(std::vector<std::string>{"string", "number", "null"}));
    case Type::None:
    case Type::Text:
    case Type::Template:
    case Type::File:
    case Type::Cidr:
    case Type::Weekdays:
    case Type::Days:
      return typed("string");
  }
  return Json::object();
}

Json map_schema(const std::vector<const Key*>& keys, Where level) {
  Json properties = Json::object();
  for (const auto* key : keys) {
    // What an environment may say of these is what the top level may say: told once.
    const bool told = level == Where::Environment && key->where == Where::Both &&
                      key->parent().empty() && key->shape != Shape::One;
    const auto name = std::string(key->name());
    properties.set(
        name, told ? Json::object().set("$ref", "#/properties/" + name) : schema_of(*key, level));
  }
  Json out = typed("object");
  out.set("properties", properties);
  out.set("patternProperties", Json::object().set("^x-", Json::object()));
  out.set("additionalProperties", false);
  return out;
}

Json names_schema(const Key& key, Where level) {
  const Key* each = find_key(key.path, "*", level);
  const Where inside = each->path == "environments.*" ? Where::Environment : level;
  Json out = typed("object");
  auto pattern = value_schema(key).text("pattern");
  out.set("propertyNames", Json::object().set("pattern", fmt::format("({})|(^x-)", pattern)));
  out.set("patternProperties", Json::object().set("^x-", Json::object()));
  // An own key matches both; only what is not one must be as described.
  out.set("additionalProperties", schema_of(*each, inside));
  return out;
}

Json shaped(const Key& key, Where level) {
  switch (key.shape) {
    case Shape::One:
    case Shape::Reserved:
      return value_schema(key);
    case Shape::List:
      return typed("array").set("items", value_schema(key));
    case Shape::Map:
      return map_schema(children_of(inside_of(key), level), level);
    case Shape::MapOf:
      return names_schema(key, level);
    case Shape::MapList:
      return typed("array").set("items", map_schema(children_of(inside_of(key), level), level));
    case Shape::OneOrList: {
      Json forms = Json::array();
      forms.push_back(value_schema(key));
      forms.push_back(typed("array").set("items", value_schema(key)));
      return Json::object().set("anyOf", forms);
    }
    case Shape::OneOrMap: {
      Json forms = Json::array();
      forms.push_back(value_schema(key));
      forms.push_back(map_schema(children_of(inside_of(key), level), level));
      return Json::object().set("anyOf", forms);
    }
  }
  return Json::object();
}

Json default_of(const Key& key) {
  if (key.shape == Shape::List) {
    Json items = Json::array();
    for (const auto item : split(key.otherwise.substr(1, key.otherwise.size() - 2), ','))
      items.push_back(trim(item));
    return items;
  }
  if (key.type == Type::Int) return parse_int(key.otherwise).value_or(0);
  if (key.type == Type::Bool) return key.otherwise == "true";
  return key.otherwise;
}

Json schema_of(const Key& key, Where level) {
  Json out = shaped(key, level);
  out.set("description", key.doc);
  if (!key.otherwise.empty() && key.shape != Shape::MapOf) out.set("default", default_of(key));
  return out;
}

}  // namespace

Json json_schema() {
  Json body = map_schema(children_of({}, Where::Top), Where::Top);
  Json out = Json::object();
  out.set("$schema", "https://json-schema.org/draft/2020-12/schema");
  out.set("title", "slipway.yaml");
  out.set("description", "How an app is released by slipway.");
  for (const auto& [name, value] : body.members()) out.set(name, value);
  out.set("type", "object");
  out.set("required", Json::array_of(std::vector<std::string>{"app", "services"}));
  return out;
}

}  // namespace slipway::config

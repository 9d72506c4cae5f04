#pragma once
// For tests: whether a document has the members that docs/reference/openapi.yaml requires of it,
// and no member the page does not know.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <string>

#include "base/json.h"
#include "base/text.h"

namespace slipway::daemon {

class OpenApi {
 public:
  OpenApi() {
    const auto root = std::filesystem::path(SLIPWAY_SOURCE_DIR);
    page_ = YAML::LoadFile((root / "docs/reference/openapi.yaml").string());
  }
  const YAML::Node& page() const { return page_; }

  // Every way in which `document` does not fit the schema of that name; empty: it fits.
  std::string misfits(const std::string& schema, const Json& document) const {
    return check(page_["components"]["schemas"][schema], document, schema);
  }

 private:
  std::string check(const YAML::Node& schema, const Json& document,
                    const std::string& where) const {
    if (!schema.IsDefined()) return where + " has no schema; ";
    if (schema["$ref"]) {
      const auto target = schema["$ref"].as<std::string>();
      const std::string name = target.substr(target.rfind('/') + 1);
      return document.is_null() ? "" : check(page_["components"]["schemas"][name], document, where);
    }
    std::string wrong = check_type(schema, document, where);
    for (const auto& name : schema["required"]) {
      if (document.find(name.as<std::string>()) == nullptr)
        wrong += where + "." + name.as<std::string>() + " is missing; ";
    }
    const YAML::Node properties = schema["properties"];
    for (const auto& [key, value] : document.members()) {
      if (!properties.IsDefined()) break;  // an object the page leaves open
      const YAML::Node property = properties[key];
      wrong += property.IsDefined() ? check(property, value, where + "." + key)
                                    : where + "." + key + " is not documented; ";
    }
    for (const auto& item : document.items()) {
      if (schema["items"].IsDefined()) wrong += check(schema["items"], item, where + "[]");
    }
    return wrong;
  }

  static std::string check_type(const YAML::Node& schema, const Json& document,
                                const std::string& where) {
    if (!schema["type"]) return "";
    const auto type = schema["type"].as<std::string>();
    const bool fits = type == "object"    ? document.is_object()
                      : type == "array"   ? document.is_array()
                      : type == "string"  ? document.is_string()
                      : type == "integer" ? document.is_int()
                      : type == "number"  ? document.is_number()
                                          : document.is_bool();
    std::string wrong = fits ? "" : where + " is not of type " + type + "; ";
    if (!schema["enum"] || !document.is_string()) return wrong;
    for (const auto& one : schema["enum"]) {
      if (one.as<std::string>() == document.as_string()) return wrong;
    }
    return wrong + where + " is \"" + document.as_string() + "\"; ";
  }

  YAML::Node page_;
};

}  // namespace slipway::daemon

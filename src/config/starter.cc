#include <fmt/core.h>

#include "config/keys.h"
#include "config/load.h"
#include "config/values.h"

namespace slipway::config {
namespace {

std::string first_sentence(std::string_view doc) {
  const auto end = doc.find(". ");
  return std::string(end == std::string_view::npos ? doc : doc.substr(0, end + 1));
}

std::string_view sample(const Key& key) {
  return key.example.empty() ? key.otherwise : key.example;
}

// "# instances: 3  # How many instances run side by side.", or the sentence above when it is long.
std::string one_line(const std::string& front, const Key& key) {
  constexpr std::size_t kWidth = 100;
  const auto setting = fmt::format("{}{}: {}", front, key.name(), sample(key));
  const auto why = first_sentence(key.doc);
  if (setting.size() + why.size() + 4 <= kWidth) return fmt::format("{}  # {}\n", setting, why);
  return fmt::format("{}# {}\n{}\n", front, why, setting);
}

// The keys below `parent` as comments, so that each is found where it belongs and none is active.
std::string commented(std::string_view parent, Where level, const std::string& indent,
                      const std::string& inner);

std::string commented_key(const Key& key, Where level, const std::string& indent,
                          const std::string& inner) {
  const auto head = fmt::format("{}# {}{}:", indent, inner, key.name());
  switch (key.shape) {
    case Shape::One:
    case Shape::List:
    case Shape::OneOrList:
    case Shape::OneOrMap:
      return one_line(indent + "# " + inner, key);
    case Shape::Map:
      // Too much for a file to begin with.
      if (key.path == "services.*.edge")
        return fmt::format("{}# {}{}: {{}}  # TLS, time-outs, limits: see the reference\n", indent,
                           inner, key.name());
      return head + "\n" + commented(inside_of(key), level, indent, inner + "  ");
    case Shape::MapOf: {
      const Key* each = find_key(key.path, "*", level);
      if (each->shape == Shape::One) return fmt::format("{} {{ NAME: {} }}\n", head, sample(*each));
      return {};
    }
    case Shape::MapList:
    case Shape::Reserved:
      return {};
  }
  return {};
}

std::string commented(std::string_view parent, Where level, const std::string& indent,
                      const std::string& inner) {
  std::string out;
  for (const auto* key : children_of(parent, level)) {
    if (key->where == Where::Both) out += commented_key(*key, level, indent, inner);
  }
  return out;
}

std::string service_keys() {
  std::string out;
  for (const auto* key : children_of("services.*", Where::Top)) {
    if (key->name() != "run" && key->name() != "image")
      out += commented_key(*key, Where::Top, "    ", "");
  }
  return out;
}

}  // namespace

std::string starter_file(std::string_view app_name) {
  const std::string app(is_name(app_name) ? app_name : "my-app");
  std::string out = fmt::format(
      "# How {0} is released. Lines behind '#' show what else can be said. `slipway check` looks "
      "the file\n"
      "# over, `slipway config --resolved` shows every value in use.\n"
      "app: {0}\n\n"
      "services:\n"
      "  web:\n"
      "    # The command that starts one instance. ${{version}} becomes the version being "
      "released; the\n"
      "    # instance listens on 127.0.0.1:$PORT.\n"
      "    run: ./versions/${{version}}/start\n",
      app);
  out += service_keys();
  out +=
      "\n# Where secret values come from: one of env, file and command for each.\n"
      "# secrets:\n"
      "#   DATABASE_URL: { env: DATABASE_URL }\n"
      "\n# Checks against the new instances before they get traffic.\n"
      "# smoke:\n"
      "#   - { get: /health, expect: 200 }\n"
      "#   - { run: ./smoke.sh }\n"
      "\n# What follows holds for every environment that does not say otherwise.\n";
  for (const auto* key : children_of({}, Where::Top)) {
    if (key->where == Where::Both && key->shape != Shape::MapOf)
      out += commented_key(*key, Where::Top, "", "");
  }
  return out + "\nenvironments:\n  production: {}\n  # staging:\n  #   inherits: production\n";
}

}  // namespace slipway::config

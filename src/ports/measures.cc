#include "ports/measures.h"

#include "base/text.h"

namespace slipway::ports {

std::string with_names(std::string text, const std::map<std::string, std::string>& names) {
  for (const auto& [name, value] : names)
    text = replace_all(std::move(text), "{" + name + "}", value);
  return text;
}

}  // namespace slipway::ports

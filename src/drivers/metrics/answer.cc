#include "drivers/metrics/answer.h"

#include <charconv>
#include <cmath>

#include "base/json.h"
#include "base/text.h"

namespace slipway::drivers::metrics {
namespace {
constexpr std::size_t kShown = 100;

std::string shown(std::string_view text) {
  std::string out(text.substr(0, kShown));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return out;
}

Error no_number(const std::string& what) {
  return Error(Code::Malformed, what, "the metric has no number while it is so");
}

// "NaN", "+Inf" and what has more after the number are none.
Result<double> finite(std::string_view text) {
  text = trim(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return no_number("\"" + shown(text) + "\" is no number");
  return value;
}

Result<double> number_in(const Json& json, const std::string& where) {
  if (json.is_number() && std::isfinite(json.as_number())) return json.as_number();
  if (json.is_string()) return finite(json.as_string());
  return no_number(where + " is " + shown(json.dump()) + ", which is no number");
}

const Json* child_of(const Json& json, std::string_view name) {
  if (json.is_object()) return json.find(name);
  if (!json.is_array()) return nullptr;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error != std::errc() || end != name.data() + name.size() || index >= json.size())
    return nullptr;
  return &json.items()[index];
}
}  // namespace

Result<double> prometheus_number(const std::string& body) {
  const auto json = Json::parse(body);
  if (!json) return no_number("the answer is no JSON: " + shown(body));
  if (json->text("status") != "success")
    return no_number("Prometheus says " + json->text("errorType") + ": " +
                     shown(json->text("error")));
  const Json& result = json->at("data").at("result");
  const std::string type = json->at("data").text("resultType");
  if (!result.is_array() || (type != "vector" && type != "scalar"))
    return no_number("the query gives a " + (type.empty() ? "nothing" : type) + ", not one number");
  if (type == "scalar" && result.size() == 2) return number_in(result.items()[1], "the scalar");
  if (result.size() == 0) return no_number("the query gives nothing");
  if (type == "scalar" || result.size() > 1) {
    return Error(Code::Malformed, "the query gives " + std::to_string(result.size()) + " series",
                 "let it give one: sum(…), or more labels");
  }
  const Json& value = result.items()[0].at("value");
  if (value.size() != 2) return no_number("the series has no value");
  return number_in(value.items()[1], "the series");
}

Result<double> plain_number(const std::string& body, const std::string& field) {
  if (trim(body).empty()) return no_number("the answer is empty");
  if (field.empty()) return finite(body);
  const auto json = Json::parse(body);
  if (!json) return no_number("the answer is no JSON: " + shown(body));
  const Json* at = &*json;
  for (const auto name : split(field, '.')) {
    at = child_of(*at, name);
    if (at == nullptr) return no_number("the answer has no " + field + ": " + shown(body));
  }
  return number_in(*at, field);
}

}  // namespace slipway::drivers::metrics

#pragma once
// Single values: what is wrong with a text that stands at a key, in words and with the nearest
// right one.
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"
#include "config/keys.h"

namespace slipway::config {

struct Complaint {
  std::string what;  // follows the path of the key: "is '30', …"
  std::string suggestion;
};

// nullopt when the text is a right value of this key (references are not looked up here).
std::optional<Complaint> complaint_about(const Key& key, std::string_view text);

// "error_rate > 5%", "latency_p95 > 500ms", "latency_p95 > 2x baseline", "health failing",
// "alert CheckoutDown"
std::optional<Trigger> parse_trigger(std::string_view text);
std::optional<Strategy> strategy_named(std::string_view name);
std::optional<double> parse_number(std::string_view text);
std::optional<int> parse_int(std::string_view text);
bool is_name(std::string_view text);      // a-z, 0-9, '-'; begins with a letter; at most 63
bool is_variable(std::string_view text);  // letters, digits, '_'; does not begin with a digit
// "/api/" and "/api" are the same prefix: the second form.
std::string path_prefix(std::string_view text);

}  // namespace slipway::config

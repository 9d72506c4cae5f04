#include "config/values.h"
#include "config/database_measure.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "base/units.h"
#include "config/database.h"
#include "config/problems.h"
#include "config/when.h"

namespace slipway::config {
namespace {

using Answer = std::optional<Complaint>;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::vector<std::string> choices(const Key& key) {
  std::vector<std::string> out;
  for (const auto part : split(key.range, '|')) out.emplace_back(part);
  return out;
}

struct Bounds {
  std::string low;   // empty: none
  std::string high;  // empty: none
};

Bounds bounds_of(const Key& key) {
  const auto dots = key.range.find("..");
  if (dots == std::string_view::npos) return {};
  return {std::string(key.range.substr(0, dots)), std::string(key.range.substr(dots + 2))};
}

Answer not_a(const Key& key, std::string_view text, std::string suggestion) {
  return Complaint{
      fmt::format("is '{}', which is not {}", text,
                  words_for({key.path, key.where, Shape::One, key.type, key.range, {}, {}, {}})),
      std::move(suggestion)};
}

// A value outside its bounds; `parse` reads the value and the bounds alike.
template <class Parse>
Answer outside(const Key& key, std::string_view text, Parse parse) {
  const auto [low, high] = bounds_of(key);
  const auto value = parse(text);
  if (!low.empty() && *value < *parse(low)) {
    return Complaint{fmt::format("is {}, less than the least allowed, {}", text, low),
                     fmt::format("write {} or more", low)};
  }
  if (!high.empty() && *value > *parse(high)) {
    return Complaint{fmt::format("is {}, more than the most allowed, {}", text, high),
                     fmt::format("write {} or less", high)};
  }
  return std::nullopt;
}

// "${…}" other than ${version} (which only templates replace).
Answer check_braces(const Key& key, std::string_view text) {
  const bool replaced = key.type == Type::Template || key.type == Type::Value;
  for (auto at = text.find("${"); at != std::string_view::npos; at = text.find("${", at + 2)) {
    const auto end = text.find('}', at);
    const auto whole = text.substr(at, end == std::string_view::npos ? end : end - at + 1);
    if (replaced && whole == "${version}") continue;
    if (whole == "${version}") {
      return Complaint{"holds ${version}, which is not replaced here",
                       "a command finds the version in $SLIPWAY_VERSION"};
    }
    const auto name = whole.substr(2, whole.size() > 3 ? whole.size() - 3 : 0);
    return Complaint{
        fmt::format("holds {}, which slipway does not replace", whole),
        is_variable(name)
            ? fmt::format("write ${} for a variable of the shell; only ${{version}} is replaced",
                          name)
            : "only ${version} is replaced, in run, image, dir and env"};
  }
  return std::nullopt;
}

Answer check_text(const Key& key, std::string_view text) {
  if (text.empty() && key.type != Type::Value)
    return Complaint{"is empty", "leave the key out, or give it a text"};
  return check_braces(key, text);
}

Answer check_plain(const Key& key, std::string_view text) {
  if (text.empty()) return Complaint{"is empty", "leave the key out, or give it a text"};
  if (text.find_first_of("'\"`;#${}\\\n") == std::string_view::npos) return std::nullopt;
  return not_a(key, text, fmt::format("for example {}", key.example));
}

Answer check_name(const Key& key, std::string_view text) {
  if (is_name(text)) return std::nullopt;
  std::string near;
  for (const char c : text) {
    const char l = lowered(c);
    if (is_lower(l) || is_digit(l)) near += l;
    if ((c == '_' || c == ' ' || c == '.' || c == '-') && !near.empty()) near += '-';
  }
  while (near.ends_with('-')) near.pop_back();
  return not_a(key, text,
               is_name(near) ? fmt::format("write '{}'", near)
                             : "begin with a letter, then letters, digits and '-', at most 63");
}

Answer check_variable(const Key& key, std::string_view text) {
  if (is_variable(text)) return std::nullopt;
  std::string near;
  for (const char c : text) near += is_lower(lowered(c)) || is_digit(c) || c == '_' ? c : '_';
  if (!is_variable(near)) near.insert(0, "_");
  return not_a(key, text, fmt::format("write '{}'", near));
}

Answer check_int(const Key& key, std::string_view text) {
  if (!parse_int(text)) {
    const auto number = parse_number(text);
    return not_a(key, text,
                 number ? fmt::format("write {}", std::llround(std::min(*number, 1e9)))
                        : "write digits alone, for example " + std::string(key.example));
  }
  return outside(key, text, parse_int);
}

Answer check_number(const Key& key, std::string_view text) {
  if (!parse_number(text)) return not_a(key, text, fmt::format("for example {}", key.example));
  return outside(key, text, parse_number);
}

Answer check_duration(const Key& key, std::string_view text) {
  if (!parse_duration(text)) {
    if (parse_number(text)) {
      return Complaint{fmt::format("is '{}', a duration without a unit", text),
                       fmt::format("write '{}s' for seconds; ms, m, h and d are units too", text)};
    }
    return not_a(key, text,
                 fmt::format("for example {}", key.example.empty() ? "30s" : key.example));
  }
  return outside(key, text, [](std::string_view t) { return parse_duration(t); });
}

Answer check_percent(const Key& key, std::string_view text) {
  if (parse_percent(text))
    return outside(key, text, [](std::string_view t) { return parse_percent(t); });
  const auto number = parse_number(text);
  if (!number) return not_a(key, text, "for example 10%");
  if (*number >= 0 && *number <= 100) {
    return Complaint{fmt::format("is '{}', a percentage without its sign", text),
                     fmt::format("write '{}%'", text)};
  }
  return not_a(key, text, "write a percentage from 0% to 100%");
}

Answer check_size(const Key& key, std::string_view text) {
  if (parse_size(text)) return outside(key, text, [](std::string_view t) { return parse_size(t); });
  std::string digits;
  for (const char c : text.substr(0, 12)) {
    if (!is_digit(c)) break;
    digits += c;
  }
  const char unit = text.size() > digits.size() ? lowered(text[digits.size()]) : ' ';
  if (digits.empty() || (unit != 'k' && unit != 'm' && unit != 'g'))
    return not_a(key, text, "units are KiB, MiB and GiB");
  return not_a(key, text,
               fmt::format("write '{}{}iB'", digits, static_cast<char>(unit - 'a' + 'A')));
}

Answer check_bool(const Key& key, std::string_view text) {
  if (text == "true" || text == "false") return std::nullopt;
  std::string low;
  for (const char c : text.substr(0, 8)) low += lowered(c);
  const bool yes = low == "yes" || low == "on" || low == "1" || low == "true";
  const bool no = low == "no" || low == "off" || low == "0" || low == "false";
  return not_a(key, text, yes ? "write true" : no ? "write false" : "write true or false");
}

Answer check_enum(const Key& key, std::string_view text) {
  const auto all = choices(key);
  if (std::find(all.begin(), all.end(), text) != all.end()) return std::nullopt;
  if (key.path == "services.*.port" && parse_int(text)) {
    return Complaint{
        fmt::format("is {}; old and new instances run side by side and cannot share a port", text),
        "leave the key out and let the service listen on $PORT"};
  }
  std::string low;
  for (const char c : text.substr(0, 32)) low += c == '_' ? '-' : lowered(c);
  if (key.path == "services.*.stop.signal") {
    for (auto& c : low) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (low.starts_with("SIG")) low.erase(0, 3);
  }
  return not_a(key, text, did_you_mean(low, all));
}

Answer check_path(const Key& key, std::string_view text) {
  if (!text.starts_with('/')) return not_a(key, text, fmt::format("write '/{}'", text));
  if (const auto bad = check_braces(key, text)) return bad;
  const bool query = text.find('?') != std::string_view::npos;
  if (text.find_first_of(" \t\r\n#\\") != std::string_view::npos ||
      (query && key.path == "services.*.paths")) {
    return Complaint{fmt::format("is '{}', which is not the path of a URL", text),
                     "leave out spaces, '?' and '#', or write them as %20, %3F and %23"};
  }
  for (const auto part : split(text, '/')) {
    if (part == ".." || part == ".")
      return Complaint{fmt::format("is '{}', a path with '{}' in it", text, part),
                       "write the path without it"};
  }
  return std::nullopt;
}

bool is_host(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  if (text.empty() || text.size() > 253) return false;
  for (const auto label : split(text, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-')
      return false;
    for (const char c : label) {
      if (!is_lower(c) && !is_digit(c) && c != '-') return false;
    }
  }
  return true;
}

Answer check_host(const Key& key, std::string_view text) {
  // A probe asks for one host.
  if (key.path == "services.*.health.host" && text.starts_with("*.")) {
    return Complaint{fmt::format("is '{}', which is not one host", text), "write one name"};
  }
  if (is_host(text)) return std::nullopt;
  std::string near;
  auto rest = text;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos)
    rest.remove_prefix(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/:"));
  for (const char c : rest) near += lowered(c);
  return not_a(key, text,
               is_host(near) ? fmt::format("write '{}'", near)
                             : "for example www.example.com or *.example.com");
}

Answer check_cidr(const Key& key, std::string_view text) {
  const auto slash = text.find('/');
  const std::string address(text.substr(0, slash));
  in6_addr parsed{};
  const bool v4 = inet_pton(AF_INET, address.c_str(), &parsed) == 1;
  const bool v6 = !v4 && inet_pton(AF_INET6, address.c_str(), &parsed) == 1;
  if (!v4 && !v6) return not_a(key, text, "for example 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32");
  if (slash == std::string_view::npos) return std::nullopt;
  const auto bits = parse_int(text.substr(slash + 1));
  const int most = v4 ? 32 : 128;
  if (bits && *bits >= 0 && *bits <= most) return std::nullopt;
  return not_a(key, text, fmt::format("the number after '/' is from 0 to {}", most));
}

Answer check_url(const Key& key, std::string_view text) {
  const bool http = text.starts_with("http://");
  const bool https = text.starts_with("https://");
  if (!http && !https)
    return not_a(key, text,
                 is_host(text) ? fmt::format("write 'https://{}'", text)
                               : "for example https://www.example.com");
  if (const auto bad = check_braces(key, text)) return bad;
  const auto rest = text.substr(https ? 8 : 7);
  if (rest.empty() || rest.front() == '/' ||
      rest.find_first_of(" \t\r\n") != std::string_view::npos) {
    return not_a(key, text, "for example https://www.example.com");
  }
  return std::nullopt;
}

// What is written may be a password in the wrong place: it is never repeated.
Answer check_database_url(const Key& key, std::string_view text) {
  if (is_variable(secret_in(text))) return std::nullopt;
  if (!text.starts_with("postgresql://") && !text.starts_with("postgres://"))
    return Complaint{"is not " + words_for(key), fmt::format("for example {}", key.example)};
  const auto rest = text.substr(text.find("://") + 3);
  const auto login = rest.substr(0, rest.substr(0, rest.find_first_of("/?")).rfind('@') + 1);
  if (login.find(':') == std::string_view::npos && text.find("password=") == std::string_view::npos)
    return std::nullopt;
  return Complaint{"holds a password",
                   "put the whole URL into a secret and write '${secret.DATABASE_URL}'"};
}

// As above: it is not repeated.
Answer check_secret_value(const Key& key, std::string_view text) {
  if (is_variable(secret_in(text))) return std::nullopt;
  return Complaint{"is not " + words_for(key), fmt::format("for example {}", key.example)};
}

Answer check_trigger(const Key& key, std::string_view text) {
  if (parse_trigger(text)) return std::nullopt;
  const auto first = text.substr(0, text.find(' '));
  std::string suggestion =
      "write 'error_rate > 5%', 'latency_p95 > 500ms', 'latency_p95 > 2x baseline', 'health "
      "failing' or 'alert NAME'";
  if (first == "error_rate" && !text.ends_with('%') && parse_trigger(std::string(text) + "%"))
    suggestion = fmt::format("write '{}%'", text);
  if (first.starts_with("latency_p") && parse_trigger(std::string(text) + "ms"))
    suggestion = fmt::format("write '{}ms'", text);
  if (first.starts_with("latency_p") && text.ends_with('x') &&
      parse_trigger(std::string(text) + " baseline"))
    suggestion = fmt::format("write '{} baseline'", text);
  return not_a(key, text, suggestion);
}

Answer check_weekdays(const Key& key, std::string_view text) {
  if (parse_weekdays(text)) return std::nullopt;
  return not_a(key, text,
               "write mon, tue, wed, thu, fri, sat, sun, ranges or several: mon, wed-fri");
}

Answer check_hours(const Key& key, std::string_view text) {
  if (parse_hours(text)) return std::nullopt;
  const auto dash = text.find('-');
  const auto begin = parse_int(trim(text.substr(0, dash)));
  const auto end = dash == std::string_view::npos ? begin : parse_int(trim(text.substr(dash + 1)));
  return not_a(key, text,
               begin && end && *begin >= 0 && *end >= 0 && *begin < 24 && *end <= 24 && begin != end
                   ? fmt::format("write \"{:02}:00-{:02}:00\"", *begin, *end)
                   : "write \"10:00-14:00\"; \"22:00-02:00\" ends on the next day");
}

Answer check_date(const Key& key, std::string_view text) {
  if (parse_date(text)) return std::nullopt;
  return not_a(key, text, "write YEAR-MONTH-DAY, or MONTH-DAY for every year");
}

Answer check_days(const Key& key, std::string_view text) {
  if (parse_day_rule(text)) return std::nullopt;
  const auto near = did_you_mean(text, feast_names());
  return not_a(key, text, near.empty() ? "names of days: " + join(feast_names(), ", ") : near);
}

Answer check_zone(const Key& key, std::string_view text) {
  if (is_zone_name(text)) return std::nullopt;
  return not_a(key, text, "write it as in the time zone database: UTC, Europe/Berlin");
}

Answer check_bound(const Key& key, std::string_view text) {
  if (parse_metric_bound(text)) return std::nullopt;
  auto plain = std::string(trim(text));
  if (plain.ends_with('%')) plain.pop_back();
  if (plain.ends_with('x')) plain += " baseline";
  const bool mended = parse_metric_bound(plain).has_value();
  return not_a(key, text, mended ? fmt::format("write '{}'", plain) : "for example 95");
}

// What was meant of a database.
std::string database_condition(std::string_view text) {
  std::vector<std::string> names;
  for (const auto& one : database_measures()) names.emplace_back(one.name);
  const auto name = std::string(trim(text.substr(0, text.find('>'))));
  const auto* known = database_measure(name);
  if (known == nullptr) {
    const auto near = nearest(name, names);
    return near ? fmt::format("did you mean '{}'?", *near)
                : "write 'db down', or a limit of: " + join(names, ", ");
  }
  switch (known->unit) {
    case DatabaseMeasure::Unit::Percent:
      return fmt::format("write '{} > 80%'", name);
    case DatabaseMeasure::Unit::Duration:
      return fmt::format("write '{} > 5m'", name);
    case DatabaseMeasure::Unit::Size:
      return fmt::format("write '{} > 10GiB'", name);
    case DatabaseMeasure::Unit::Count:
      return fmt::format("write '{} > 0'", name);
  }
  return {};
}

Answer check_condition(const Key& key, std::string_view text) {
  if (parse_condition(text)) return std::nullopt;
  if (text.find("baseline") != std::string_view::npos)
    return not_a(key, text, "give a limit of its own: between releases there is no baseline");
  if (text.starts_with("db")) return not_a(key, text, database_condition(text));
  return not_a(key, text,
               "write 'error_rate > 1%', 'latency_p95 > 500ms', 'db_connections > 80%', 'db down', "
               "'health failing' or 'down'");
}

}  // namespace

std::optional<Strategy> strategy_named(std::string_view name) {
  for (const auto s :
       {Strategy::BlueGreen, Strategy::Canary, Strategy::Rolling, Strategy::Recreate}) {
    if (name_of(s) == name) return s;
  }
  return std::nullopt;
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (err != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<int> parse_int(std::string_view text) {
  int value = 0;
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (err != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 63 || !is_lower(text.front()) || text.back() == '-')
    return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool is_variable(std::string_view text) {
  if (text.empty() || text.size() > 256 || is_digit(text.front())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_lower(lowered(c)) || is_digit(c) || c == '_'; });
}

std::string path_prefix(std::string_view text) {
  while (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
  return std::string(text);
}

std::optional<Complaint> complaint_about(const Key& key, std::string_view text) {
  constexpr std::size_t kLongest = 1024;
  const bool prose =
      key.type == Type::Text || key.type == Type::Template || key.type == Type::Value;
  if (!prose && text.size() > kLongest) {
    return Complaint{fmt::format("is {} bytes long, which is not {}", text.size(), words_for(key)),
                     "check the quotes around it"};
  }
  switch (key.type) {
    case Type::None:
      return Complaint{"cannot be a single value", {}};
    case Type::Plain:
      return check_plain(key, text);
    case Type::Text:
    case Type::Template:
    case Type::File:
    case Type::Value:
      return check_text(key, text);
    case Type::Name:
    case Type::Service:
    case Type::Environment:
      return check_name(key, text);
    case Type::Variable:
    case Type::Secret:
      return check_variable(key, text);
    case Type::SecretValue:
      return check_secret_value(key, text);
    case Type::DatabaseUrl:
      return check_database_url(key, text);
    case Type::Int:
      return check_int(key, text);
    case Type::Number:
      return check_number(key, text);
    case Type::Duration:
      return check_duration(key, text);
    case Type::Percent:
      return check_percent(key, text);
    case Type::Size:
      return check_size(key, text);
    case Type::Bool:
      return check_bool(key, text);
    case Type::Enum:
      return check_enum(key, text);
    case Type::Weekdays:
      return check_weekdays(key, text);
    case Type::Hours:
      return check_hours(key, text);
    case Type::Date:
      return check_date(key, text);
    case Type::Days:
      return check_days(key, text);
    case Type::Zone:
      return check_zone(key, text);
    case Type::Path:
      return check_path(key, text);
    case Type::Host:
      return check_host(key, text);
    case Type::Cidr:
      return check_cidr(key, text);
    case Type::Url:
      return check_url(key, text);
    case Type::Trigger:
      return check_trigger(key, text);
    case Type::Condition:
      return check_condition(key, text);
    case Type::Bound:
      return check_bound(key, text);
  }
  return std::nullopt;
}

}  // namespace slipway::config

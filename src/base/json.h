#pragma once
// Json: a small value for documents that leave a process (plans, API, tables). Objects keep the
// order in which keys were set; canonical() sorts them, for hashes. Reading never throws: parse()
// gives a Result, look-ups give a default. nlohmann-json does the grammar, inside json.cc alone.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace slipway {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;                                                        // null
  Json(std::nullptr_t) {}                                                  // NOLINT
  Json(bool value) : value_(value) {}                                      // NOLINT
  Json(int value) : value_(std::int64_t{value}) {}                         // NOLINT
  Json(std::int64_t value) : value_(value) {}                              // NOLINT
  Json(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {}  // NOLINT
  Json(double value) : value_(value) {}                                    // NOLINT
  Json(const char* value) : value_(std::string(value)) {}                  // NOLINT
  Json(std::string value) : value_(std::move(value)) {}                    // NOLINT
  Json(std::string_view value) : value_(std::string(value)) {}             // NOLINT
  Json(Array value) : value_(std::move(value)) {}                          // NOLINT

  static Json object() {
    Json j;
    j.value_ = Object();
    return j;
  }
  static Json array() { return Json(Array()); }
  template <class Range>
  static Json array_of(const Range& items) {
    Json out = array();
    for (const auto& item : items) out.push_back(Json(item));
    return out;
  }

  // At most 64 levels deep and 64 MiB long; duplicate keys: the last one wins.
  static Result<Json> parse(std::string_view text);
  // indent < 0: one line. Bytes that are not UTF-8 are replaced, never thrown on.
  std::string dump(int indent = -1) const;
  std::string canonical() const;

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_number() const { return is_int() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  // The value itself; ASSERTs the type. Ask is_…() first when the document came from outside.
  bool as_bool() const;
  std::int64_t as_int() const;
  double as_number() const;
  const std::string& as_string() const;
  const Array& items() const;     // empty when not an array
  const Object& members() const;  // empty when not an object

  const Json* find(std::string_view key) const;  // nullptr when absent or not an object
  const Json& at(std::string_view key) const;    // null when absent
  std::string text(std::string_view key, std::string_view otherwise = {}) const;
  std::int64_t integer(std::string_view key, std::int64_t otherwise = 0) const;
  double number(std::string_view key, double otherwise = 0) const;
  bool flag(std::string_view key, bool otherwise = false) const;
  std::vector<std::string> strings(std::string_view key) const;  // the strings of an array member

  Json& set(std::string key,
            Json value);  // adds or replaces; makes a null an object; returns *this
  Json& operator[](std::string_view key);  // member, added as null when absent
  void push_back(Json item);               // makes a null an array
  std::size_t size() const;

  friend bool operator==(const Json& a, const Json& b) { return a.canonical() == b.canonical(); }

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

}  // namespace slipway

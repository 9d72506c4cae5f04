#pragma once
// Types of columns, and which change of a type costs nothing.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace slipway::database::lint {

struct Type {
  std::string name;            // as in pg_type: "int8", "varchar"; with its schema unless public
  std::vector<int> modifiers;  // {20} of varchar(20)
  bool is_array = false;
  friend bool operator==(const Type&, const Type&) = default;
};
// Out of a TypeName of the parser.
Type type_of(const Json& type_name);
// Out of what format_type() writes; an unknown spelling keeps its words as the name.
Type type_of_text(std::string_view text);
bool is_serial(const Type& type);

enum class TypeChange {
  Nothing,       // the same bytes mean the same
  NothingInUtc,  // as long as the session's time zone is UTC; an index is built again
  Rewrite,
};
// Neither is a domain. An unknown `from` may be anything: char(n) and integer are written again
// even as text. Only between times the other kind of time is taken for granted.
TypeChange change_of(const std::optional<Type>& from, const Type& to);

}  // namespace slipway::database::lint

#pragma once
// Node: what a YAML text says, with the place of every key and value. Everything after the parser
// works on this tree, so that a problem found late can still point at its line.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::config {

struct Mark {
  int line = 1;    // from 1
  int column = 1;  // from 1
  friend auto operator<=>(const Mark&, const Mark&) = default;
};

struct Node {
  enum class Kind { Null, Scalar, List, Map };
  Kind kind = Kind::Null;
  std::string key;          // the key that leads here, when the parent is a map
  Mark key_at;              // where that key stands; the item itself inside a list
  Mark at;                  // where the value begins
  std::string text;         // Scalar only
  std::string from;         // the environment whose block wrote it; empty: the top level
  std::vector<Node> items;  // List: the items; Map: the values, each with its key

  bool is_null() const { return kind == Kind::Null; }
  bool is_scalar() const { return kind == Kind::Scalar; }
  bool is_list() const { return kind == Kind::List; }
  bool is_map() const { return kind == Kind::Map; }

  // The value of a key of a map; nullptr when this is no map or has no such key.
  const Node* find(std::string_view name) const {
    if (!is_map()) return nullptr;
    for (const auto& item : items) {
      if (item.key == name) return &item;
    }
    return nullptr;
  }
  Node* find(std::string_view name) { return const_cast<Node*>(std::as_const(*this).find(name)); }
};

}  // namespace slipway::config

#pragma once
// The one table of keys (keys.def), and how to look things up in it. The reader, the JSON Schema,
// `config --resolved`, the reference page and the starter file are all made from it.
#include <string>
#include <string_view>
#include <vector>

namespace slipway::config {

// Where a key may stand.
enum class Where { Top, Environment, Both };

// What stands at a key.
enum class Shape {
  One,        // one value
  List,       // a list of values
  Map,        // a map with the keys of the table
  MapOf,      // a map with names of the writer's own; the rows `path.*` say what each holds
  MapList,    // a list of maps; the rows `path[].x` say what each holds
  OneOrList,  // one value, or a list of them
  OneOrMap,   // one value, or a map that says more
  Reserved,   // a key of a later version: refused in words
};

enum class Type {
  None,
  Text,      // any text, no ${…}
  Plain,     // text without what would end a line or a word of another program's configuration
  Template,  // text in which ${version} is replaced
  Value,     // like Template, may be empty
  Name,      // a-z, 0-9, '-'
  Variable,  // name of an environment variable
  Int,
  Number,
  Duration,
  Percent,
  Size,
  Bool,
  Enum,
  Path,  // path of a URL
  File,  // a file of this machine; relative to slipway.yaml
  Host,
  Cidr,
  Url,
  Trigger,
  Weekdays,     // "tue-thu"
  Hours,        // "10:00-14:00"
  Date,         // "12-24"
  Days,         // "12-20..12-26", "black-friday"
  Zone,         // "Europe/Berlin"
  Condition,    // of an alert
  Bound,        // of a metric: "95", "2x baseline"
  Service,      // name of a service of the file
  Secret,       // name of a secret of the file
  DatabaseUrl,  // "${secret.NAME}", or postgresql://… without a password
  SecretValue,  // "${secret.NAME}"
  Environment,  // name of an environment of the file
};

// More than anybody writes by hand; they keep the work on a hostile file small.
constexpr std::size_t kMostNames = 100;  // in a map of names
constexpr std::size_t kMostItems = 50;   // in a list

struct Key {
  std::string_view path;
  Where where;
  Shape shape;
  Type type;
  std::string_view range;      // "1..1000" or "a|b"; empty: no bound
  std::string_view otherwise;  // default as text; empty: none
  std::string_view doc;
  std::string_view example;

  std::string_view name() const;    // last part of the path
  std::string_view parent() const;  // the path before it; empty at the top
};

const std::vector<Key>& all_keys();
const Key& key_named(std::string_view path);  // ASSERTs that the table has it
// The row for `name` below `parent` (also a row `parent.*`); nullptr when there is none.
const Key* find_key(std::string_view parent, std::string_view name, Where level);
// The rows directly below `parent`, in the order of the table; without reserved ones.
std::vector<const Key*> children_of(std::string_view parent, Where level);
// Whether a key may stand at this level (Top or Environment).
bool allowed_at(const Key& key, Where level);
// The path of the rows below a key: "smoke" -> "smoke[]", "rollout" -> "rollout".
std::string inside_of(const Key& key);

// "a duration such as 30s", for messages and docs.
std::string words_for(const Key& key);

}  // namespace slipway::config

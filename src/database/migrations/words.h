#pragma once
// The words of a statement: enough of PostgreSQL's lexer to know names from quoted text and
// comments. Not a grammar.
#include <string>
#include <string_view>
#include <vector>

namespace slipway::database::migrations {

struct Word {
  enum class Kind { Name, Quoted, Text, Number, Sign, Parameter };  // Parameter: `:from`
  Kind kind = Kind::Sign;
  std::string_view text;                  // as written
  std::size_t offset = 0;                 // in the statement
  bool is(std::string_view upper) const;  // an unquoted name, upper or lower case
};
std::vector<Word> words_of(std::string_view statement);

// The name at words[at] as SQL, `"shop"."orders"`: folded and quoted. `at` moves behind it. "" when
// there is none.
std::string name_at(const std::vector<Word>& words, std::size_t& at);

}  // namespace slipway::database::migrations

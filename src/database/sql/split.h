#pragma once
// Where PostgreSQL's statements begin and end in a text: quotes, dollar quotes, E'' escapes, nested
// comments and BEGIN ATOMIC bodies are known, the grammar is not. psql's \commands are no
// statements: they come out as one of their own, marked.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace slipway::database::sql {

struct Statement {
  std::string_view text;  // of the given text; without the comments before it and the ";" after it
  std::size_t offset = 0;
  int line = 1;    // where it begins, from 1
  int column = 1;  // in bytes, from 1
  bool is_psql = false;
};

// In order; texts that are blank or comments alone are left out. Malformed, with line and column,
// when a quote or comment is never closed. The views live as long as `text`.
Result<std::vector<Statement>> split(std::string_view text);

// The words of one statement outside of quotes and comments, in upper case, at most `most`:
// {"CREATE", "INDEX", "CONCURRENTLY"}. A quoted name counts as the word "\"".
std::vector<std::string> first_words(std::string_view statement, std::size_t most = 8);

}  // namespace slipway::database::sql

#include "tests/database/corpus.h"

#include "base/text.h"
#include "database/sql/split.h"
#include "io/files.h"

namespace slipway::database::corpus {
namespace {
std::string read(const std::string& path) {
  auto text = io::read_file(path);
  ASSERT(text.has_value());
  return *text;
}

// Calls `take` with the title and the lines of each block that begins with `mark`.
template <class Take>
void each_block(const std::string& text, std::string_view mark, const Take& take) {
  std::string title, body;
  bool is_in_block = false;
  for (const auto line : split(text, '\n')) {
    if (line.starts_with(mark)) {
      if (is_in_block) take(title, body);
      title = std::string(trim(line.substr(mark.size())));
      body.clear();
      is_in_block = true;
    } else if (is_in_block) {
      body += std::string(line) + "\n";
    }
  }
  if (is_in_block) take(title, body);
}

Case read_case(const std::string& title, const std::string& body) {
  Case out;
  out.name = title;
  std::string* into = &out.now;
  for (const auto line : split(body, '\n')) {
    if (line == "-- earlier:") {
      into = &out.earlier;
    } else if (line == "-- now:") {
      into = &out.now;
    } else if (line == "-- outside a transaction") {
      out.is_alone = true;
    } else if (!line.empty()) {
      *into += std::string(line) + "\n";
    }
  }
  ASSERT(!statements_of(out.now).empty());
  return out;
}
}  // namespace

Part read_part(const std::string& folder, const std::string& name) {
  Part out;
  out.name = name;
  const std::string path = io::join_path(folder, name);
  auto files = io::list_dir(path);
  ASSERT(files.has_value());
  for (const auto& file : *files) {
    const std::string text = read(io::join_path(path, file));
    if (file == "schema.sql") {
      out.schema = text;
    } else if (file == "old_release.sql") {
      each_block(text, "-- statement: ", [&](const std::string& title, const std::string& body) {
        out.old_release.push_back({title, statements_of(body).at(0)});
      });
    } else {
      each_block(text, "-- case: ", [&](const std::string& title, const std::string& body) {
        out.cases.push_back(read_case(title, body));
        out.cases.back().part = name;
      });
    }
  }
  return out;
}

std::vector<std::string> statements_of(const std::string& text) {
  auto statements = sql::split(text);
  ASSERT(statements.has_value());
  std::vector<std::string> out;
  for (const auto& one : *statements) out.emplace_back(one.text);
  return out;
}

int last_line(const std::string& text) {
  auto statements = sql::split(text);
  ASSERT(statements.has_value() && !statements->empty());
  return statements->back().line;
}

}  // namespace slipway::database::corpus

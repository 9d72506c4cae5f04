#include "database/sql/split.h"

#include <cctype>

namespace slipway::database::sql {
namespace {

bool is_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || byte >= 0x80;
}

// Steps over one token at a time. What it met last is in `kind`.
class Lexer {
 public:
  enum class Kind { End, Space, Comment, Word, Quoted, Semicolon, Open, Close, Psql, Other };

  explicit Lexer(std::string_view text) : text_(text) {}

  // The token's bytes; Malformed when it is never closed.
  Result<std::string_view> next() {
    const std::size_t from = at_;
    kind_ = Kind::Other;
    if (from >= text_.size()) {
      kind_ = Kind::End;
      return std::string_view();
    }
    TRY(step());
    return text_.substr(from, at_ - from);
  }
  Kind kind() const { return kind_; }
  std::size_t at() const { return at_; }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  Result<void> step() {
    const char c = peek();
    if (std::isspace(static_cast<unsigned char>(c)) != 0) return run_of_space();
    if (c == '-' && peek(1) == '-') return line_comment();
    if (c == '/' && peek(1) == '*') return block_comment();
    if (c == '\'') return quoted('\'', Escapes::No);
    if (c == '"') return quoted('"', Escapes::No);
    if ((c == 'e' || c == 'E') && peek(1) == '\'') {
      ++at_;
      return quoted('\'', Escapes::Yes);
    }
    if (c == '$' && dollar_tag() > 0) return dollar_quoted();
    if (is_word(c)) return word();
    if (c == '\\') return psql();
    ++at_;
    kind_ = c == ';'   ? Kind::Semicolon
            : c == '(' ? Kind::Open
            : c == ')' ? Kind::Close
                       : Kind::Other;
    return {};
  }

  Result<void> run_of_space() {
    kind_ = Kind::Space;
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(peek())) != 0) ++at_;
    return {};
  }
  Result<void> word() {
    kind_ = Kind::Word;
    while (at_ < text_.size() && (is_word(peek()) || peek() == '$')) ++at_;
    return {};
  }
  Result<void> line_comment() {
    kind_ = Kind::Comment;
    const auto end = text_.find('\n', at_);
    at_ = end == std::string_view::npos ? text_.size() : end;
    return {};
  }
  Result<void> psql() {
    kind_ = Kind::Psql;
    const auto end = text_.find('\n', at_);
    at_ = end == std::string_view::npos ? text_.size() : end;
    return {};
  }
  Result<void> block_comment() {
    kind_ = Kind::Comment;
    const std::size_t from = at_;
    int depth = 0;
    while (at_ < text_.size()) {
      if (peek() == '/' && peek(1) == '*') {
        ++depth;
        at_ += 2;
      } else if (peek() == '*' && peek(1) == '/') {
        at_ += 2;
        if (--depth == 0) return {};
      } else {
        ++at_;
      }
    }
    return unclosed(from, "comment");
  }

  enum class Escapes { No, Yes };
  Result<void> quoted(char quote, Escapes escapes) {
    kind_ = Kind::Quoted;
    const std::size_t from = at_++;
    while (at_ < text_.size()) {
      if (escapes == Escapes::Yes && peek() == '\\') {
        at_ += 2;
      } else if (peek() != quote) {
        ++at_;
      } else if (peek(1) == quote) {
        at_ += 2;
      } else {
        ++at_;
        return {};
      }
    }
    at_ = text_.size();
    return unclosed(from, quote == '"' ? "quoted name" : "quoted text");
  }

  // The length of $tag$ at the current place, 0 when there is none ("$1" is a parameter).
  std::size_t dollar_tag() const {
    std::size_t length = 1;
    if (std::isdigit(static_cast<unsigned char>(peek(1))) != 0) return 0;
    while (is_word(peek(length))) ++length;
    return peek(length) == '$' ? length + 1 : 0;
  }
  Result<void> dollar_quoted() {
    kind_ = Kind::Quoted;
    const std::size_t from = at_;
    const auto tag = text_.substr(at_, dollar_tag());
    const auto end = text_.find(tag, at_ + tag.size());
    if (end == std::string_view::npos) {
      at_ = text_.size();
      return unclosed(from, "dollar-quoted text");
    }
    at_ = end + tag.size();
    return {};
  }

  Error unclosed(std::size_t from, std::string_view what) const;

  std::string_view text_;
  std::size_t at_ = 0;
  Kind kind_ = Kind::End;
};

struct Place {
  int line = 1;
  int column = 1;
};

Place place_of(std::string_view text, std::size_t offset) {
  Place out;
  for (const char c : text.substr(0, offset)) {
    ++out.column;
    if (c != '\n') continue;
    ++out.line;
    out.column = 1;
  }
  return out;
}

Error Lexer::unclosed(std::size_t from, std::string_view what) const {
  const auto place = place_of(text_, from);
  return Error(Code::Malformed,
               "the " + std::string(what) + " that begins at line " + std::to_string(place.line) +
                   ", column " + std::to_string(place.column) + " is never closed",
               "close it");
}

std::string upper(std::string_view word) {
  std::string out(word);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

// Puts tokens together to statements. A ";" between parentheses (CREATE RULE) or in a BEGIN ATOMIC
// body does not end one.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  void take(std::string_view token, std::size_t offset, Lexer::Kind kind) {
    using Kind = Lexer::Kind;
    if (kind == Kind::Space || kind == Kind::Comment) return;
    if (kind == Kind::Psql && !is_open_) {
      begin(offset);
      end_ = offset + token.size();
      finish(true);
      return;
    }
    if (kind == Kind::Semicolon && parens_ == 0 && blocks_ == 0) {
      if (is_open_) finish(false);
      return;
    }
    if (!is_open_) begin(offset);
    if (kind == Kind::Open) ++parens_;
    if (kind == Kind::Close && parens_ > 0) --parens_;
    if (kind == Kind::Word) count_blocks(upper(token));
    end_ = offset + token.size();
  }

  std::vector<Statement> end() {
    if (is_open_) finish(false);
    return std::move(out_);
  }

 private:
  void begin(std::size_t offset) {
    // Lines are counted onwards from the last statement: a long file is walked once.
    for (; seen_ < offset; ++seen_) {
      ++place_.column;
      if (text_[seen_] != '\n') continue;
      ++place_.line;
      place_.column = 1;
    }
    begin_ = offset;
    is_open_ = true;
    parens_ = blocks_ = 0;
    last_word_.clear();
  }
  // BEGIN ATOMIC opens a body, CASE one inside of it; END closes the innermost.
  void count_blocks(std::string word) {
    if (word == "ATOMIC" && last_word_ == "BEGIN") ++blocks_;
    if (word == "CASE" && blocks_ > 0) ++blocks_;
    if (word == "END" && blocks_ > 0) --blocks_;
    last_word_ = std::move(word);
  }
  void finish(bool is_psql) {
    out_.push_back(
        {text_.substr(begin_, end_ - begin_), begin_, place_.line, place_.column, is_psql});
    is_open_ = false;
  }

  std::string_view text_;
  std::vector<Statement> out_;
  std::string last_word_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t seen_ = 0;
  Place place_;
  int parens_ = 0;
  int blocks_ = 0;
  bool is_open_ = false;
};

}  // namespace

Result<std::vector<Statement>> split(std::string_view text) {
  Lexer lexer(text);
  Splitter splitter(text);
  for (;;) {
    const std::size_t offset = lexer.at();
    const auto token = TRY(lexer.next());
    if (lexer.kind() == Lexer::Kind::End) return splitter.end();
    splitter.take(token, offset, lexer.kind());
  }
}

std::vector<std::string> first_words(std::string_view statement, std::size_t most) {
  std::vector<std::string> out;
  Lexer lexer(statement);
  while (out.size() < most) {
    const auto token = lexer.next();
    if (!token || lexer.kind() == Lexer::Kind::End) break;
    if (lexer.kind() == Lexer::Kind::Word) out.push_back(upper(*token));
    if (lexer.kind() == Lexer::Kind::Quoted) out.emplace_back("\"");
  }
  return out;
}

}  // namespace slipway::database::sql

#include "database/migrations/words.h"

#include "base/text.h"

namespace slipway::database::migrations {
namespace {
char upper_of(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_name(char c) {
  const char up = upper_of(c);
  return (up >= 'A' && up <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool goes_on_name(char c) { return begins_name(c) || is_digit(c) || c == '$'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Word> all() {
    while (at_ < text_.size()) next();
    return std::move(out_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void add(Word::Kind kind, std::size_t end) {
    end = std::min(end, text_.size());
    out_.push_back({kind, text_.substr(at_, end - at_), at_});
    at_ = end;
  }

  void next() {
    const char c = peek();
    if (static_cast<unsigned char>(c) <= ' ') {
      ++at_;
    } else if (c == '-' && peek(1) == '-') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == '/' && peek(1) == '*') {
      skip_comment();
    } else if (c == '\'') {
      add(Word::Kind::Text, end_of_quote('\'', false));
    } else if (c == '"') {
      add(Word::Kind::Quoted, end_of_quote('"', false));
    } else if (c == '$' && !is_digit(peek(1))) {
      add_dollar_quote();
    } else if (begins_name(c)) {
      add_name();
    } else if (is_digit(c)) {
      std::size_t end = at_;
      while (end < text_.size() && (goes_on_name(text_[end]) || text_[end] == '.')) ++end;
      add(Word::Kind::Number, end);
    } else {
      add_sign();
    }
  }

  void skip_comment() {
    int depth = 0;
    while (at_ < text_.size()) {
      if (peek() == '/' && peek(1) == '*') {
        ++depth;
        at_ += 2;
      } else if (peek() == '*' && peek(1) == '/') {
        at_ += 2;
        if (--depth == 0) return;
      } else {
        ++at_;
      }
    }
  }

  // Behind the closing quote; a doubled one goes on.
  std::size_t end_of_quote(char quote, bool has_escapes) const {
    std::size_t end = text_.find(quote, at_) + 1;
    while (end < text_.size()) {
      if (has_escapes && text_[end] == '\\') {
        end += 2;
      } else if (text_[end] != quote) {
        ++end;
      } else if (end + 1 < text_.size() && text_[end + 1] == quote) {
        end += 2;
      } else {
        return end + 1;
      }
    }
    return text_.size();
  }

  void add_dollar_quote() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && goes_on_name(text_[end]) && text_[end] != '$') ++end;
    if (end >= text_.size() || text_[end] != '$') {
      add(Word::Kind::Sign, at_ + 1);
      return;
    }
    const auto tag = text_.substr(at_, end + 1 - at_);
    const auto close = text_.find(tag, end + 1);
    add(Word::Kind::Text, close == std::string_view::npos ? text_.size() : close + tag.size());
  }

  void add_name() {
    std::size_t end = at_;
    while (end < text_.size() && goes_on_name(text_[end])) ++end;
    // E'…', B'…', X'…', N'…': a letter that belongs to the quoted text behind it.
    if (end == at_ + 1 && end < text_.size() && text_[end] == '\'') {
      add(Word::Kind::Text, end_of_quote('\'', upper_of(peek()) == 'E'));
      return;
    }
    add(Word::Kind::Name, end);
  }

  void add_sign() {
    if (peek() == ':' && begins_name(peek(1)) && (at_ == 0 || text_[at_ - 1] != ':')) {
      std::size_t end = at_ + 1;
      while (end < text_.size() && goes_on_name(text_[end])) ++end;
      add(Word::Kind::Parameter, end);
      return;
    }
    add(Word::Kind::Sign, at_ + 1);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Word> out_;
};

bool is_part(const Word& word) {
  return word.kind == Word::Kind::Name || word.kind == Word::Kind::Quoted;
}

std::string quoted(const Word& word) {
  if (word.kind == Word::Kind::Quoted) return std::string(word.text);
  std::string out = "\"";
  for (const char c : word.text) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out + "\"";
}
}  // namespace

bool Word::is(std::string_view upper) const {
  if (kind != Kind::Name || text.size() != upper.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (upper_of(text[i]) != upper[i]) return false;
  }
  return true;
}

std::vector<Word> words_of(std::string_view statement) { return Lexer(statement).all(); }

std::string name_at(const std::vector<Word>& words, std::size_t& at) {
  if (at >= words.size() || !is_part(words[at])) return "";
  std::string out = quoted(words[at++]);
  while (at + 1 < words.size() && words[at].text == "." && is_part(words[at + 1])) {
    out += "." + quoted(words[at + 1]);
    at += 2;
  }
  return out;
}

}  // namespace slipway::database::migrations

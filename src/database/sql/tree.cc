#include "database/sql/tree.h"

#include <charconv>

namespace slipway::database::sql {
namespace {
constexpr int kDeepest = 1'000;

Error broken(std::string_view why) {
  return Error(Code::Malformed, "the parser's answer cannot be read: " + std::string(why));
}

void add_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (code >> 6)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xE0 | (code >> 12)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  Result<Json> document() {
    Json out = TRY(value(0));
    skip();
    if (at_ != text_.size()) return broken("something follows it");
    return out;
  }

 private:
  void skip() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  }
  bool take(char wanted) {
    skip();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  Result<Json> value(int depth) {
    if (depth > kDeepest)
      return Error(Code::Malformed, "the statement nests deeper than 1,000 levels");
    skip();
    if (at_ >= text_.size()) return broken("it ends early");
    const char first = text_[at_];
    if (first == '{') return object(depth);
    if (first == '[') return array(depth);
    if (first == '"') return Json(TRY(string()));
    if (take_word("true")) return Json(true);
    if (take_word("false")) return Json(false);
    if (take_word("null")) return Json();
    return number();
  }

  Result<Json> object(int depth) {
    Json out = Json::object();
    ++at_;
    if (take('}')) return out;
    do {
      skip();
      std::string name = TRY(string());
      if (!take(':')) return broken("a member has no value");
      Json member = TRY(value(depth + 1));
      out.set(std::move(name), std::move(member));
    } while (take(','));
    if (!take('}')) return broken("an object does not end");
    return out;
  }

  Result<Json> array(int depth) {
    Json::Array out;
    ++at_;
    if (take(']')) return Json(std::move(out));
    do {
      out.push_back(TRY(value(depth + 1)));
    } while (take(','));
    if (!take(']')) return broken("an array does not end");
    return Json(std::move(out));
  }

  Result<Json> number() {
    const auto end = text_.find_first_not_of("+-.0123456789eE", at_);
    const std::string_view word = text_.substr(at_, end - at_);
    std::int64_t whole = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), whole);
    if (read.ec != std::errc() || word.empty()) return broken("a value is of no known kind");
    at_ += word.size();
    if (read.ptr == word.data() + word.size()) return Json(whole);
    double real = 0;
    std::from_chars(word.data(), word.data() + word.size(), real);
    return Json(real);
  }

  Result<std::string> string() {
    if (!take('"')) return broken("a name or text does not begin");
    std::string out;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] != '\\') {
        out.push_back(text_[at_++]);
        continue;
      }
      ++at_;
      if (!escape(out)) return broken("an escape is not known");
    }
    if (at_ >= text_.size()) return broken("a text does not end");
    ++at_;
    return out;
  }

  bool escape(std::string& out) {
    if (at_ >= text_.size()) return false;
    const char kind = text_[at_++];
    constexpr std::string_view kShort = "\"\\/bfnrt", kMeans = "\"\\/\b\f\n\r\t";
    if (const auto place = kShort.find(kind); place != kShort.npos) {
      out.push_back(kMeans[place]);
      return true;
    }
    unsigned code = 0;
    if (kind != 'u' || text_.size() - at_ < 4) return false;
    const auto read = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, code, 16);
    if (read.ptr != text_.data() + at_ + 4) return false;
    at_ += 4;
    add_utf8(out, code);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};
}  // namespace

Result<Json> read_tree(std::string_view json) { return Reader(json).document(); }

}  // namespace slipway::database::sql

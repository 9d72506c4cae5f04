#include "database/copy/json_mask.h"

#include <algorithm>

#include "base/assert.h"

namespace slipway::database::copy {
namespace {

constexpr int kDeepest = 500;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

enum class Treat { Keep, Mask, Null, Look };  // Look: what is below decides

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::uint32_t point, std::string& out) {
  if (point < 0x80) {
    out += static_cast<char>(point);
    return;
  }
  if (point < 0x800) {
    out += static_cast<char>(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      out += static_cast<char>(0xe0 | point >> 12);
    } else {
      out += static_cast<char>(0xf0 | point >> 18);
      out += static_cast<char>(0x80 | (point >> 12 & 0x3f));
    }
    out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
  }
  out += static_cast<char>(0x80 | (point & 0x3f));
}

void append_quoted(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  const auto is_plain = [](char c) {
    return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20;
  };
  out += '"';
  if (std::all_of(text.begin(), text.end(), is_plain)) {
    out += text;
    out += '"';
    return;
  }
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

struct JsonMask::Place {
  struct Child {
    std::string key;  // "*": any
    std::size_t at;
  };
  std::vector<Child> children;
  Treat treat = Treat::Look;
  std::shared_ptr<const Mask> mask;
  Treat rest = Treat::Keep;            // of what no path names below here
  std::shared_ptr<const Mask> others;  // for rest == Mask

  std::size_t child(std::string_view key) const {
    std::size_t any = kNone;
    for (const Child& one : children) {
      if (one.key == key) return one.at;
      if (one.key == "*") any = one.at;
    }
    return any;
  }
};

JsonMask::JsonMask(const Rule& rule, const Key128& master) {
  Place root;
  if (rule.rest == JsonRest::Mask) {
    Rule words;
    words.kind = Kind::FreeText;
    words.domain = word_for(Kind::FreeText);
    root.others = make_mask(words, master, {});
    root.rest = Treat::Mask;
  } else if (rule.rest == JsonRest::Remove) {
    root.rest = Treat::Null;
  }
  places_.push_back(std::move(root));
  for (const JsonPath& path : rule.paths) add(path, master);
}
JsonMask::~JsonMask() = default;

void JsonMask::add(const JsonPath& path, const Key128& master) {
  std::size_t at = 0;
  for (const std::string& key : path.keys) {
    const auto& children = places_[at].children;
    const auto found = std::find_if(children.begin(), children.end(),
                                    [&](const Place::Child& one) { return one.key == key; });
    if (found != children.end()) {
      at = found->at;
      continue;
    }
    Place next;
    next.rest = places_[0].rest;
    next.others = places_[0].others;
    places_.push_back(std::move(next));
    places_[at].children.push_back({key, places_.size() - 1});
    at = places_.size() - 1;
  }
  Place& end = places_[at];
  end.mask = make_mask(path.rule, master, {});
  end.treat = path.rule.kind == Kind::Keep   ? Treat::Keep
              : path.rule.kind == Kind::Null ? Treat::Null
                                             : Treat::Mask;
}

// One document on its way.
class JsonMask::Walk {
 public:
  Walk(const std::vector<Place>& places, std::string_view in, Scratch& scratch, std::string& out)
      : places_(places), in_(in), scratch_(scratch), out_(out) {}

  bool document() {
    space();
    if (!value({Treat::Look, nullptr, 0}, 0)) return false;
    space();
    if (at_ != in_.size()) return false;
    flush(at_);
    return true;
  }

 private:
  // What holds at a place of the document.
  struct Here {
    Treat treat;
    const Mask* mask;
    std::size_t at;  // of places_, when treat is Look
  };

  char peek() const { return at_ == in_.size() ? '\0' : in_[at_]; }
  // What is not replaced is copied in runs: up to here.
  void flush(std::size_t end) { out_ += in_.substr(kept_, end - kept_); }
  void replace(std::size_t begin, std::string_view by) {
    flush(begin);
    out_ += by;
    kept_ = at_;
  }
  void space() {
    while (at_ < in_.size() &&
           (in_[at_] == ' ' || in_[at_] == '\n' || in_[at_] == '\t' || in_[at_] == '\r'))
      ++at_;
  }
  bool expect(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  Here below(const Here& here, std::string_view key) const {
    if (here.treat != Treat::Look) return here;
    const std::size_t child = places_[here.at].child(key);
    if (child != kNone) return {places_[child].treat, places_[child].mask.get(), child};
    const Place& place = places_[here.at];
    return {place.rest, place.others.get(), 0};
  }
  // A text, number … where a path goes on: nothing names it, so it is of the rest.
  Here leaf(const Here& here) const {
    if (here.treat != Treat::Look) return here;
    return {places_[here.at].rest, places_[here.at].others.get(), 0};
  }

  bool value(const Here& here, int depth) {
    if (depth > kDeepest) return false;
    switch (peek()) {
      case '{':
        return object(here, depth);
      case '[':
        return list(here, depth);
      case '"':
        return string(leaf(here));
      default:
        return word(leaf(here));
    }
  }

  bool object(const Here& here, int depth) {
    ++at_;
    space();
    if (peek() == '}') return expect('}');
    for (;;) {
      std::string_view raw;
      if (!quoted(raw)) return false;
      const Here inside = below(here, plain(raw));
      space();
      if (!expect(':')) return false;
      space();
      if (!value(inside, depth + 1)) return false;
      space();
      if (peek() != ',') return expect('}');
      ++at_;
      space();
    }
  }

  bool list(const Here& here, int depth) {
    ++at_;
    space();
    if (peek() == ']') return expect(']');
    for (;;) {
      if (!value(here, depth + 1)) return false;
      space();
      if (peek() != ',') return expect(']');
      ++at_;
      space();
    }
  }

  bool string(const Here& here) {
    const std::size_t begin = at_;
    std::string_view raw;
    if (!quoted(raw)) return false;
    if (here.treat == Treat::Keep || raw.size() == 2) return true;
    if (here.treat == Treat::Null) {
      replace(begin, "null");
      return true;
    }
    const std::string_view text = plain(raw);
    scratch_.result.clear();
    if (!here.mask->apply(text, scratch_, scratch_.result)) return false;
    flush(begin);
    append_quoted(scratch_.result, out_);
    kept_ = at_;
    return true;
  }

  bool word(const Here& here) {
    const std::size_t begin = at_;
    while (at_ < in_.size() && in_[at_] != ',' && in_[at_] != '}' && in_[at_] != ']' &&
           static_cast<unsigned char>(in_[at_]) > ' ')
      ++at_;
    if (at_ == begin) return false;
    const bool is_null = in_.substr(begin, at_ - begin) == "null";
    // Numbers and truth that no rule names are left; a rule's path takes everything away.
    const bool named = here.treat == Treat::Mask && here.mask != places_[0].others.get();
    if (is_null || (!named && here.treat != Treat::Null)) return true;
    const bool is_number = in_[begin] == '-' || (in_[begin] >= '0' && in_[begin] <= '9');
    replace(begin, is_number && here.treat == Treat::Mask ? "0" : "null");
    return true;
  }

  // Takes "…" with its quotes off the input.
  bool quoted(std::string_view& raw) {
    if (peek() != '"') return false;
    std::size_t end = at_ + 1;
    while (end < in_.size() && in_[end] != '"') end += in_[end] == '\\' ? 2 : 1;
    if (end >= in_.size()) return false;
    raw = in_.substr(at_, end + 1 - at_);
    at_ = end + 1;
    return true;
  }

  // The text that a quoted one stands for; in scratch_.text when it has escapes.
  std::string_view plain(std::string_view raw) {
    const std::string_view inside = raw.substr(1, raw.size() - 2);
    if (inside.find('\\') == std::string_view::npos) return inside;
    scratch_.text.clear();
    for (std::size_t i = 0; i < inside.size(); ++i) {
      if (inside[i] != '\\' || i + 1 == inside.size())
        scratch_.text += inside[i];
      else
        i = escape(inside, i + 1);
    }
    return scratch_.text;
  }

  std::uint32_t unit(std::string_view inside, std::size_t at) const {
    std::uint32_t out = 0;
    for (std::size_t i = at; i < at + 4 && i < inside.size(); ++i)
      out = out << 4 | static_cast<std::uint32_t>(std::max(0, hex_value(inside[i])));
    return out;
  }

  // `at` is behind the backslash; returns the last character of the escape.
  std::size_t escape(std::string_view inside, std::size_t at) {
    static constexpr std::string_view kFrom = "bfnrt";
    static constexpr std::string_view kTo = "\b\f\n\r\t";
    if (inside[at] != 'u') {
      const auto known = kFrom.find(inside[at]);
      scratch_.text += known == std::string_view::npos ? inside[at] : kTo[known];
      return at;
    }
    std::uint32_t point = unit(inside, at + 1);
    std::size_t last = std::min(at + 4, inside.size() - 1);
    const bool high = point >= 0xd800 && point < 0xdc00;
    if (high && inside.substr(last + 1).starts_with("\\u")) {
      const std::uint32_t low = unit(inside, last + 3);
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      last = std::min(last + 6, inside.size() - 1);
    }
    append_utf8(point, scratch_.text);
    return last;
  }

  const std::vector<Place>& places_;
  std::string_view in_;
  std::size_t at_ = 0;
  std::size_t kept_ = 0;  // what is before it is written
  Scratch& scratch_;
  std::string& out_;
};

bool JsonMask::apply(std::string_view value, Scratch& scratch, std::string& out) const {
  return Walk(places_, value, scratch, out).document();
}

}  // namespace slipway::database::copy

#include "database/copy/mask.h"

#include <algorithm>

#include "database/copy/address.h"
#include "database/copy/code.h"
#include "database/copy/json_mask.h"
#include "database/copy/scramble.h"
#include "database/copy/words.h"

namespace slipway::database::copy {
namespace {

// A country code that no country has: such a number rings nowhere.
constexpr std::string_view kNoCountry = "999";

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// The words of a mask are ASCII: a byte is a character.
void cut(std::string& out, std::size_t begin, std::size_t most) {
  if (out.size() - begin <= most) return;
  out.resize(begin + most);
  while (out.size() > begin && out.back() == ' ') out.pop_back();
}

// Endless numbers from one value.
class Draw {
 public:
  Draw(const Key128& key, std::string_view value) : hash_(siphash128(key, value)) {}
  std::uint64_t next() {
    if (given_ == 2) {
      hash_ = siphash128({hash_.low, hash_.high}, std::string_view());
      given_ = 0;
    }
    return given_++ == 0 ? hash_.low : hash_.high;
  }

 private:
  Hash128 hash_;
  int given_ = 0;
};

class EmailMask final : public Mask {
 public:
  EmailMask(const Key128& key, std::string host) : code_(key), tail_("@" + std::move(host)) {}
  bool apply(std::string_view value, Scratch& scratch, std::string& out) const override {
    code_.apply(value, scratch.symbols, out);
    out += tail_;
    return true;
  }

 private:
  Code code_;
  std::string tail_;
};

class TokenMask final : public Mask {
 public:
  explicit TokenMask(const Key128& key) : scramble_(key), code_(derived_key(key, "code")) {}
  bool apply(std::string_view value, Scratch& scratch, std::string& out) const override {
    if (Scramble::covers(value)) {
      scramble_.apply(value, scratch.symbols, out);
    } else {
      // What scramble would leave readable. Its texts are ASCII alone, so this one is none of them.
      out += "\xc2\xb7";
      code_.apply(value, scratch.symbols, out);
    }
    return true;
  }

 private:
  Scramble scramble_;
  Code code_;
};

class PhoneMask final : public Mask {
 public:
  explicit PhoneMask(const Key128& key) : token_(key), name_(key.first) {}
  // Eight rounds for so few digits: the dearest of all masks.
  bool apply(std::string_view value, Scratch& scratch, std::string& out) const override {
    if (scratch.recent.recall(name_, value, out)) return true;
    const std::size_t begin = out.size();
    if (!write(value, scratch, out)) return false;
    scratch.recent.keep(name_, value, std::string_view(out).substr(begin));
    return true;
  }

 private:
  bool write(std::string_view value, Scratch& scratch, std::string& out) const {
    if (value.starts_with('+')) {
      out += '+';
      value.remove_prefix(1);
      out += kNoCountry;
    } else {
      out += "0";
      out += kNoCountry;
    }
    return value.empty() || token_.apply(value, scratch, out);
  }

  TokenMask token_;
  std::uint64_t name_;
};

// Words out of a list are few: where values must stay apart, a code of the value follows them.
class WordsMask : public Mask {
 public:
  bool apply(std::string_view value, Scratch& scratch, std::string& out) const final {
    const std::size_t begin = out.size();
    write(value, Draw(key_, value), out);
    if (terms_.unique == Unique::Yes) {
      out += ' ';
      code_.apply(value, scratch.symbols, out);
    } else if (terms_.most_characters > 0) {
      cut(out, begin, static_cast<std::size_t>(terms_.most_characters));
    }
    return true;
  }

 protected:
  WordsMask(const Key128& key, const MaskTerms& terms)
      : key_(key), code_(derived_key(key, "code")), terms_(terms) {}
  virtual void write(std::string_view value, Draw draw, std::string& out) const = 0;

 private:
  Key128 key_;
  Code code_;
  MaskTerms terms_;
};

class NameMask final : public WordsMask {
 public:
  NameMask(const Key128& key, NamePart part, const MaskTerms& terms)
      : WordsMask(key, terms), part_(part) {}

 private:
  void write(std::string_view, Draw draw, std::string& out) const override {
    if (part_ != NamePart::Last) out += first_name(draw.next());
    if (part_ == NamePart::Full) out += ' ';
    if (part_ != NamePart::First) out += last_name(draw.next());
  }
  NamePart part_;
};

class AddressMask final : public WordsMask {
 public:
  AddressMask(const Key128& key, const MaskTerms& terms) : WordsMask(key, terms) {}

 private:
  void write(std::string_view value, Draw draw, std::string& out) const override {
    out += std::to_string(draw.next() % 199 + 1);
    out += ' ';
    out += street_name(draw.next());
    // Where the value has lines or commas it is a whole address.
    if (value.find_first_of(",\n") == std::string_view::npos) return;
    out += ", ";
    out += city_name(draw.next());
  }
};

class FreeTextMask final : public Mask {
 public:
  explicit FreeTextMask(const Key128& key) : key_(key) {}
  bool apply(std::string_view value, Scratch&, std::string& out) const override {
    const std::size_t begin = out.size();
    const std::size_t length = characters_in(value);
    Draw draw(key_, value);
    while (out.size() - begin < length) {
      if (out.size() > begin) out += ' ';
      out += filler_word(draw.next());
    }
    cut(out, begin, length);
    return true;
  }

 private:
  Key128 key_;
};

class IpMask final : public Mask {
 public:
  explicit IpMask(const Key128& key) : addresses_(key), token_(derived_key(key, "text")) {}
  bool apply(std::string_view value, Scratch& scratch, std::string& out) const override {
    if (addresses_.apply_text(value, out)) return true;
    out += "ip-";  // no address begins so: what is none and what is one stay apart
    return token_.apply(value, scratch, out);
  }

 private:
  AddressPermutation addresses_;
  TokenMask token_;
};

class ConstantMask final : public Mask {
 public:
  explicit ConstantMask(std::string value) : value_(std::move(value)) {}
  bool apply(std::string_view, Scratch&, std::string& out) const override {
    out += value_;
    return true;
  }

 private:
  std::string value_;
};

class TemplateMask final : public Mask {
 public:
  static constexpr std::string_view kCode = "${code}";
  TemplateMask(const Key128& key, std::string_view text) : code_(key) {
    const auto at = text.find(kCode);
    before_ = text.substr(0, at);
    has_code_ = at != std::string_view::npos;
    if (has_code_) after_ = text.substr(at + kCode.size());
  }
  bool apply(std::string_view value, Scratch& scratch, std::string& out) const override {
    out += before_;
    if (has_code_) code_.apply(value, scratch.symbols, out);
    out += after_;
    return true;
  }

 private:
  Code code_;
  std::string before_;
  std::string after_;
  bool has_code_ = false;
};

// In front of another mask: values that are one to the column are one to the mask.
class FoldedMask final : public Mask {
 public:
  explicit FoldedMask(std::unique_ptr<Mask> inner) : inner_(std::move(inner)) {}
  bool apply(std::string_view value, Scratch& scratch, std::string& out) const override {
    scratch.folded.assign(value);
    for (char& c : scratch.folded) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return inner_->apply(scratch.folded, scratch, out);
  }

 private:
  std::unique_ptr<Mask> inner_;
};

std::unique_ptr<Mask> plain_mask(const Rule& rule, const Key128& master, const MaskTerms& terms) {
  const Key128 key = derived_key(master, rule.domain);
  switch (rule.kind) {
    case Kind::Email:
      return std::make_unique<EmailMask>(key, rule.host);
    case Kind::Name:
      return std::make_unique<NameMask>(key, rule.part, terms);
    case Kind::Phone:
      return std::make_unique<PhoneMask>(key);
    case Kind::Address:
      return std::make_unique<AddressMask>(key, terms);
    case Kind::Token:
      return std::make_unique<TokenMask>(key);
    case Kind::FreeText:
      return std::make_unique<FreeTextMask>(key);
    case Kind::Ip:
      return std::make_unique<IpMask>(key);
    case Kind::Template:
      return std::make_unique<TemplateMask>(key, rule.value);
    case Kind::PasswordHash:
    case Kind::Constant:
      return std::make_unique<ConstantMask>(rule.value);
    case Kind::Json:
      return std::make_unique<JsonMask>(rule, master);
    case Kind::Keep:
    case Kind::Null:
    case Kind::DateShift:
      break;
  }
  return nullptr;
}

}  // namespace

bool Recent::recall(std::uint64_t mask, std::string_view value, std::string& out) const {
  for (const Entry& entry : entries_) {
    if (entry.mask != mask || entry.value != value) continue;
    out += entry.result;
    return true;
  }
  return false;
}

void Recent::keep(std::uint64_t mask, std::string_view value, std::string_view result) {
  Entry& entry = entries_[next_++ % entries_.size()];
  entry.mask = mask;
  entry.value = value;
  entry.result = result;
}

std::unique_ptr<Mask> make_mask(const Rule& rule, const Key128& key, const MaskTerms& terms) {
  auto mask = plain_mask(rule, key, terms);
  if (mask && terms.fold_case) return std::make_unique<FoldedMask>(std::move(mask));
  return mask;
}

bool keeps_apart(const Rule& rule) {
  switch (rule.kind) {
    case Kind::Email:
    case Kind::Name:
    case Kind::Phone:
    case Kind::Address:
    case Kind::Token:
    case Kind::Ip:
    case Kind::DateShift:
    case Kind::Keep:
    case Kind::Null:
      return true;
    case Kind::Template:
      return rule.value.find(TemplateMask::kCode) != std::string::npos;
    case Kind::PasswordHash:
    case Kind::FreeText:
    case Kind::Json:
    case Kind::Constant:
      break;
  }
  return false;
}

}  // namespace slipway::database::copy

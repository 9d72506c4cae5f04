#include "database/copy/code.h"

#include <algorithm>
#include <array>

namespace slipway::database::copy {
namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t kLeastBytes = 16;

// Six-bit signs. 0 is the end; 1 to 41 are these characters.
constexpr std::string_view kUsual = "abcdefghijklmnopqrstuvwxyz0123456789._-+@";
constexpr std::uint8_t kUpper = 42;  // the next sign is a letter, in upper case
constexpr std::uint8_t kByte = 43;   // the next two signs are the halves of a byte, plus one
constexpr std::uint8_t kFirstPhrase = 44;
constexpr std::string_view kPhrases[] = {
    "@gmail.com",   "@googlemail.com",
    "@yahoo.com",   "@hotmail.com",
    "@outlook.com", "@icloud.com",
    "@gmx.de",      "@web.de",
    "@gmx.net",     "@t-online.de",
    "@live.com",    "@aol.com",
    "@example.com", ".com",
    ".de",          ".org",
    ".net",         ".co.uk",
    ".fr",          "@mail.",
};
static_assert(kFirstPhrase + std::size(kPhrases) == 64, "every sign has a meaning");

constexpr auto kSigns = [] {
  std::array<std::uint8_t, 256> signs{};
  for (std::size_t i = 0; i < kUsual.size(); ++i)
    signs[static_cast<std::uint8_t>(kUsual[i])] = static_cast<std::uint8_t>(i + 1);
  return signs;
}();

// Writes to memory that holds all of it.
class BitWriter {
 public:
  explicit BitWriter(std::uint8_t* begin) : at_(begin) {}
  void put(std::uint8_t sign) {
    held_ = held_ << 6 | sign;
    count_ += 6;
    if (count_ < 8) return;
    count_ -= 8;
    *at_++ = static_cast<std::uint8_t>(held_ >> count_);
  }
  const std::uint8_t* end() {
    if (count_ > 0) *at_++ = static_cast<std::uint8_t>(held_ << (8 - count_));
    return at_;
  }

 private:
  std::uint8_t* at_;
  std::uint32_t held_ = 0;
  unsigned count_ = 0;
};

class SignReader {
 public:
  explicit SignReader(const std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}
  // 0 at the end.
  std::uint8_t next() {
    while (count_ < 6) {
      if (at_ == bytes_.size()) return 0;
      held_ = held_ << 8 | bytes_[at_++];
      count_ += 8;
    }
    count_ -= 6;
    return held_ >> count_ & 63;
  }

 private:
  const std::vector<std::uint8_t>& bytes_;
  std::size_t at_ = 0;
  std::uint32_t held_ = 0;
  unsigned count_ = 0;
};

// The phrase the text begins with, as a sign; 0: none.
std::uint8_t phrase_at(std::string_view text) {
  if (text.size() < 2) return 0;
  for (std::size_t i = 0; i < std::size(kPhrases); ++i) {
    const std::string_view phrase = kPhrases[i];
    // Most end at these two, without a call.
    if (phrase[1] != text[1] || phrase[0] != text[0]) continue;
    if (text.starts_with(phrase)) return static_cast<std::uint8_t>(kFirstPhrase + i);
  }
  return 0;
}

void put_character(BitWriter& out, char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  if (c >= 'A' && c <= 'Z') {
    out.put(kUpper);
    out.put(kSigns[byte + 32]);
  } else if (kSigns[byte] != 0) {
    out.put(kSigns[byte]);
  } else {
    out.put(kByte);
    out.put(static_cast<std::uint8_t>((byte >> 4) + 1));
    out.put(static_cast<std::uint8_t>((byte & 15) + 1));
  }
}

// What one sign (and those it takes along) stands for; false when no value is packed so.
bool take_sign(SignReader& in, std::uint8_t sign, std::string& out) {
  if (sign >= kFirstPhrase) {
    out += kPhrases[sign - kFirstPhrase];
  } else if (sign == kUpper) {
    const std::uint8_t letter = in.next();
    if (letter < 1 || letter > 26) return false;
    out += static_cast<char>('A' + letter - 1);
  } else if (sign == kByte) {
    const unsigned high = in.next();
    const unsigned low = in.next();
    if (high < 1 || high > 16 || low < 1 || low > 16) return false;
    out += static_cast<char>((high - 1) << 4 | (low - 1));
  } else {
    out += kUsual[sign - 1U];
  }
  return true;
}

void write_letters(const std::vector<std::uint8_t>& bytes, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + (8 * bytes.size() + 4) / 5);
  char* at = out.data() + before;
  std::uint32_t held = 0;
  unsigned count = 0;
  for (const std::uint8_t byte : bytes) {
    held = held << 8 | byte;
    count += 8;
    for (; count >= 5; count -= 5) *at++ = kLetters[held >> (count - 5) & 31];
  }
  if (count > 0) *at = kLetters[held << (5 - count) & 31];
}

std::optional<std::vector<std::uint8_t>> read_letters(std::string_view code) {
  std::vector<std::uint8_t> bytes;
  std::uint32_t held = 0;
  unsigned count = 0;
  for (const char c : code) {
    const auto letter = kLetters.find(c);
    if (letter == std::string_view::npos) return std::nullopt;
    held = held << 5 | static_cast<std::uint32_t>(letter);
    count += 5;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<std::uint8_t>(held >> count));
  }
  return bytes;
}

}  // namespace

void pack(std::string_view value, std::vector<std::uint8_t>& bytes) {
  // No character takes more than three signs of six bits.
  bytes.assign(std::max(kLeastBytes, (18 * value.size() + 7) / 8), 0);
  BitWriter out(bytes.data());
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool may_begin = value[i] == '@' || value[i] == '.';
    const std::uint8_t phrase = may_begin ? phrase_at(value.substr(i)) : std::uint8_t{0};
    if (phrase == 0) {
      put_character(out, value[i]);
    } else {
      out.put(phrase);
      i += kPhrases[phrase - kFirstPhrase].size() - 1;
    }
  }
  const auto used = static_cast<std::size_t>(out.end() - bytes.data());
  bytes.resize(std::max(kLeastBytes, used));
}

std::optional<std::string> unpack(const std::vector<std::uint8_t>& bytes) {
  SignReader in(bytes);
  std::string out;
  for (std::uint8_t sign = in.next(); sign != 0; sign = in.next()) {
    if (!take_sign(in, sign, out)) return std::nullopt;
  }
  return out;
}

void Code::apply(std::string_view value, std::vector<std::uint8_t>& symbols,
                 std::string& out) const {
  pack(value, symbols);
  permutation_.forward(symbols);
  write_letters(symbols, out);
}

std::optional<std::string> Code::undo(std::string_view code) const {
  auto bytes = read_letters(code);
  if (!bytes) return std::nullopt;
  permutation_.backward(*bytes);
  return unpack(*bytes);
}

}  // namespace slipway::database::copy

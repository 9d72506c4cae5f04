#include <algorithm>

#include "http/bytes.h"
#include "http/parser.h"

namespace slipway::http {
namespace {
constexpr std::uint32_t kMostDigits = 15;       // 2^60 bytes: nothing overflows below that
constexpr std::uint32_t kMostLineBytes = 1024;  // one chunk-size line with its extensions
constexpr std::uint32_t kMostExtensionBytes = 16 * 1024;  // over the whole body: they carry nothing
constexpr std::uint32_t kMostTrailerBytes = 8 * 1024;

unsigned hex_value(char c) {
  if (c <= '9') return static_cast<unsigned>(c - '0');
  return static_cast<unsigned>(to_lower(c) - 'a') + 10;
}
}  // namespace

bool ChunkedDecoder::fail(std::string_view rule, std::string_view reason) {
  state_ = State::Bad;
  problem_ = {400, rule, reason};
  return false;
}

ChunkedDecoder::Piece ChunkedDecoder::next(std::string_view& input) {
  while (state_ != State::Done && state_ != State::Bad && !input.empty()) {
    if (state_ == State::Content) {
      const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(size_, input.size()));
      const std::string_view content = input.substr(0, most);
      input.remove_prefix(most);
      size_ -= most;
      if (size_ == 0) state_ = State::ContentCr;
      return {Got::Content, content};
    }
    if (take(input.front())) input.remove_prefix(1);
  }
  if (state_ == State::Bad) return {Got::Bad, {}};
  return {state_ == State::Done ? Got::Done : Got::NeedMore, {}};
}

bool ChunkedDecoder::take(char c) {
  switch (state_) {
    case State::SizeStart:
    case State::Size:
    case State::SizeLf:
      return take_size(c);
    case State::SizeSpace:
    case State::ExtensionStart:
    case State::ExtensionName:
    case State::ExtensionNameSpace:
    case State::ExtensionValueStart:
    case State::ExtensionValue:
    case State::ExtensionQuoted:
    case State::ExtensionEscape:
    case State::ExtensionEnd:
    case State::ExtensionEndSpace:
      return take_extension(c);
    case State::ContentCr:
      if (c != '\r') return fail("RFC 9112 section 7.1", "a chunk is longer than its size says");
      state_ = State::ContentLf;
      return true;
    case State::ContentLf:
      if (c != '\n') return fail("RFC 9112 section 7.1", "a chunk does not end in CRLF");
      state_ = State::SizeStart;
      return true;
    case State::TrailerStart:
    case State::TrailerName:
    case State::TrailerValue:
    case State::TrailerLf:
      return take_trailer(c);
    case State::EndLf:
      return take_end(c);
    case State::Content:
    case State::Done:
    case State::Bad:
      return false;
  }
  return false;
}

bool ChunkedDecoder::take_size(char c) {
  if (state_ == State::SizeLf) {
    if (c != '\n') return fail("RFC 9112 section 7.1", "a chunk size line does not end in CRLF");
    state_ = size_ == 0 ? State::TrailerStart : State::Content;
    line_bytes_ = 0;
    return true;
  }
  if (state_ == State::SizeStart) {
    size_ = 0;
    digits_ = 0;
    line_bytes_ = 0;
    state_ = State::Size;
  }
  if (is_hex_char(c)) {
    if (++digits_ > kMostDigits) return fail("RFC 9112 section 7.1", "a chunk size is too large");
    size_ = size_ * 16 + hex_value(c);
    return true;
  }
  if (digits_ == 0) return fail("RFC 9112 section 7.1", "a chunk size is not hexadecimal digits");
  if (c == '\r') {
    state_ = State::SizeLf;
  } else if (c == ';') {
    state_ = State::ExtensionStart;
  } else if (is_ows(c)) {
    state_ = State::SizeSpace;
  } else {
    return fail("RFC 9112 section 7.1",
                "a chunk size is followed by something that is no extension");
  }
  return true;
}

// *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ), so white space stands only in
// front of a ";", a "=" or a value. Bad is the answer to everything else.
ChunkedDecoder::State ChunkedDecoder::after_extension(char c) const {
  switch (c) {
    case ';':
      return State::ExtensionStart;
    case '\r':
      return state_ == State::SizeSpace || state_ == State::ExtensionNameSpace ||
                     state_ == State::ExtensionEndSpace
                 ? State::Bad
                 : State::SizeLf;
    case ' ':
    case '\t':
      if (state_ == State::SizeSpace) return state_;
      return state_ == State::ExtensionName || state_ == State::ExtensionNameSpace
                 ? State::ExtensionNameSpace
                 : State::ExtensionEndSpace;
    default:
      return State::Bad;
  }
}

ChunkedDecoder::State ChunkedDecoder::after_extension_part(char c) const {
  switch (static_cast<int>(state_)) {
    case static_cast<int>(State::ExtensionStart):
      if (is_ows(c)) return state_;
      return is_token_char(c) ? State::ExtensionName : State::Bad;
    case static_cast<int>(State::ExtensionValueStart):
      if (is_ows(c)) return state_;
      if (c == '"') return State::ExtensionQuoted;
      return is_token_char(c) ? State::ExtensionValue : State::Bad;
    case static_cast<int>(State::ExtensionQuoted):
      if (c == '"') return State::ExtensionEnd;
      if (c == '\\') return State::ExtensionEscape;
      return is_field_char(c) ? state_ : State::Bad;
    case static_cast<int>(State::ExtensionEscape):
      return is_field_char(c) ? State::ExtensionQuoted : State::Bad;
    case static_cast<int>(State::ExtensionName):
    case static_cast<int>(State::ExtensionNameSpace):
      if (c == '=') return State::ExtensionValueStart;
      if (state_ == State::ExtensionName && is_token_char(c)) return state_;
      return after_extension(c);
    case static_cast<int>(State::ExtensionValue):
      return is_token_char(c) ? state_ : after_extension(c);
    default:
      return after_extension(c);
  }
}

bool ChunkedDecoder::take_extension(char c) {
  if (++line_bytes_ > kMostLineBytes || ++extension_bytes_ > kMostExtensionBytes)
    return fail("RFC 9112 section 7.1.1", "chunk extensions are larger than the limit");
  const State next = after_extension_part(c);
  if (next == State::Bad)
    return fail("RFC 9112 section 7.1.1", "a chunk extension is not name or name=value");
  state_ = next;
  return true;
}

// Trailers are dropped: nothing behind us may take a Content-Length or a Host from there.
bool ChunkedDecoder::take_trailer(char c) {
  if (++line_bytes_ > kMostTrailerBytes)
    return fail("RFC 9112 section 7.1.2", "the trailers are larger than the limit");
  if (state_ == State::TrailerStart) {
    if (c == '\r') {
      state_ = State::EndLf;
      return true;
    }
    if (!is_token_char(c)) return fail("RFC 9112 section 7.1.2", "a trailer name is not a token");
    state_ = State::TrailerName;
    return true;
  }
  if (state_ == State::TrailerName) {
    if (c == ':') {
      state_ = State::TrailerValue;
      return true;
    }
    return is_token_char(c) || fail("RFC 9112 section 7.1.2", "a trailer name is not a token");
  }
  if (state_ == State::TrailerValue) {
    if (c == '\r') {
      state_ = State::TrailerLf;
      return true;
    }
    return is_field_char(c) || fail("RFC 9112 section 7.1.2", "a trailer has a control character");
  }
  if (c != '\n') return fail("RFC 9112 section 7.1.2", "a trailer does not end in CRLF");
  state_ = State::TrailerStart;
  return true;
}

bool ChunkedDecoder::take_end(char c) {
  if (c != '\n') return fail("RFC 9112 section 7.1", "the body does not end in CRLF");
  state_ = State::Done;
  return true;
}

}  // namespace slipway::http

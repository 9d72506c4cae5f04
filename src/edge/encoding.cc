#include "edge/encoding.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "http/bytes.h"

namespace slipway::edge {
namespace {

using http::equals_ignoring_case;
using http::Header;
using Kind = http::BodyFraming::Kind;

constexpr int kWholeQuality = 1000;
constexpr int kUnsaid = -1;
constexpr std::size_t kMostNewLines = 3;  // ETag, Content-Encoding, Vary

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && http::is_ows(text.front())) text.remove_prefix(1);
  while (!text.empty() && http::is_ows(text.back())) text.remove_suffix(1);
  return text;
}

// "0.75" to 750; nullopt when it is not a qvalue (RFC 9110 section 12.4.2).
std::optional<int> quality_of(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int quality = (text[0] - '0') * kWholeQuality;
  if (text.size() == 1) return quality;
  if (text[1] != '.') return std::nullopt;
  int place = kWholeQuality / 10;
  for (char c : text.substr(2)) {
    if (!http::is_digit(c)) return std::nullopt;
    quality += (c - '0') * place;
    place /= 10;
  }
  return quality <= kWholeQuality ? std::optional(quality) : std::nullopt;
}

// Takes the next element off a comma-separated list, without the space around it.
std::string_view next_element(std::string_view& list) {
  const std::size_t comma = list.find(',');
  const std::string_view element = list.substr(0, comma);
  list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  return trimmed(element);
}

struct Accepted {
  std::array<int, kCodings> codings{kUnsaid, kUnsaid, kUnsaid};
  int identity = kUnsaid;
  int any = kUnsaid;
};

// An element that can not be understood is taken as not said.
void accept_element(std::string_view element, Accepted& accepted) {
  const std::size_t semicolon = element.find(';');
  const std::string_view name = trimmed(element.substr(0, semicolon));
  int quality = kWholeQuality;
  if (semicolon != std::string_view::npos) {
    const std::string_view weight = trimmed(element.substr(semicolon + 1));
    if (weight.size() < 2 || http::to_lower(weight[0]) != 'q' || weight[1] != '=') return;
    const std::optional<int> said = quality_of(weight.substr(2));
    if (!said) return;
    quality = *said;
  }
  if (name == "*") accepted.any = quality;
  if (equals_ignoring_case(name, "identity")) accepted.identity = quality;
  for (std::size_t i = 0; i < kCodings; ++i) {
    const auto coding = static_cast<Coding>(i);
    const bool old_name = coding == Coding::Gzip && equals_ignoring_case(name, "x-gzip");
    if (old_name || equals_ignoring_case(name, name_of(coding))) accepted.codings[i] = quality;
  }
}

// Does any field of this name carry the element in its comma-separated list?
bool list_has(const http::Headers& headers, std::string_view name, std::string_view element) {
  for (const Header& header : headers) {
    if (!equals_ignoring_case(header.name(), name)) continue;
    std::string_view list = header.value();
    while (!list.empty()) {
      if (equals_ignoring_case(next_element(list), element)) return true;
    }
  }
  return false;
}

// What says of the bytes that they are as their maker made them.
bool is_sealed(const http::Headers& headers) {
  for (std::string_view name : {"content-encoding", "content-range", "content-md5", "digest",
                                "content-digest", "repr-digest"}) {
    if (headers.find(name) != nullptr) return true;
  }
  return list_has(headers, "cache-control", "no-transform");
}

bool matches_type(std::string_view type, std::string_view rule) {
  if (rule.starts_with("*+")) {
    rule.remove_prefix(1);
    return type.size() > rule.size() &&
           equals_ignoring_case(type.substr(type.size() - rule.size()), rule);
  }
  if (rule.ends_with("/*")) {
    rule.remove_suffix(1);
    return equals_ignoring_case(type.substr(0, rule.size()), rule);
  }
  return equals_ignoring_case(type, rule);
}

// Lines gathered first: the views are made when the buffer no longer moves.
class NewLines {
 public:
  explicit NewLines(std::string& buffer) : buffer_(buffer) { buffer_.clear(); }
  void add(std::string_view name, std::string_view value, std::string_view prefix = {}) {
    const std::size_t from = buffer_.size();
    buffer_.append(name).append(": ").append(prefix).append(value).append("\r\n");
    lines_[count_++] = {from, name.size(), prefix.size() + value.size()};
  }
  // There is room for them: compressible() has looked.
  void put_into(http::Headers& headers) const {
    for (std::size_t i = 0; i < count_; ++i) {
      const Line& line = lines_[i];
      const auto name = static_cast<std::uint32_t>(line.name);
      ASSERT(headers.add({buffer_.data() + line.from, name, name + 2,
                          static_cast<std::uint32_t>(line.value), http::Known::Other}));
    }
  }

 private:
  struct Line {
    std::size_t from;
    std::size_t name;
    std::size_t value;
  };
  std::string& buffer_;
  std::array<Line, kMostNewLines> lines_{};
  std::size_t count_ = 0;
};

}  // namespace

std::optional<Coding> choose_coding(const http::Headers& request,
                                    const std::vector<Coding>& offered) {
  Accepted accepted;
  for (const Header& header : request) {
    if (!equals_ignoring_case(header.name(), "accept-encoding")) continue;
    std::string_view list = header.value();
    while (!list.empty()) accept_element(next_element(list), accepted);
  }
  std::optional<Coding> best;
  int best_quality = std::max(accepted.identity, 0);
  for (Coding coding : offered) {
    int quality = accepted.codings[static_cast<std::size_t>(coding)];
    if (quality == kUnsaid) quality = accepted.any;
    const bool beats = best ? quality > best_quality : quality >= best_quality;
    if (quality <= 0 || !beats) continue;
    best = coding;
    best_quality = quality;
  }
  if (best && list_has(request, "cache-control", "no-transform")) return std::nullopt;
  return best;
}

bool is_compressible_type(std::string_view content_type, const std::vector<std::string>& types) {
  const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
  if (equals_ignoring_case(type, "text/event-stream")) return false;
  for (const std::string& rule : types) {
    if (matches_type(type, rule)) return true;
  }
  return false;
}

Compressible compressible(const http::ResponseHead& head, Method method, const Compress& rules) {
  constexpr int kResetContent = 205;
  constexpr int kPartialContent = 206;
  constexpr int kNotModified = 304;
  if (head.headers.size() + kMostNewLines > http::kMostHeaders) return Compressible::No;
  if (head.status == kPartialContent || head.status == kResetContent || is_sealed(head.headers))
    return Compressible::No;
  if (head.status == kNotModified) return Compressible::Head;
  if (!is_compressible_type(head.headers.value_of("content-type"), rules.types))
    return Compressible::No;
  const auto least = static_cast<std::uint64_t>(rules.min_bytes);
  if (head.framing.kind == Kind::Length && head.framing.length < least) return Compressible::No;
  if (head.framing.kind != Kind::None)
    return head.framing.has_body() ? Compressible::Body : Compressible::No;
  if (method != Method::Head || head.status == 204) return Compressible::No;
  const std::string_view length = head.headers.value_of("content-length");
  std::uint64_t size = 0;
  for (char c : length) size = size * 10 + static_cast<std::uint64_t>(c - '0');
  return length.empty() || size >= least ? Compressible::Head : Compressible::No;
}

void rewrite_encoded_head(const http::ResponseHead& head, std::optional<Coding> coding,
                          std::string& buffer, http::ResponseHead& out) {
  out.status = head.status;
  out.reason = head.reason;
  out.minor = head.minor;
  out.framing = head.framing;
  out.keep_alive = head.keep_alive;
  out.upgrade = head.upgrade;
  out.size = head.size;
  out.headers = http::Headers();
  NewLines lines(buffer);
  std::string_view strong_tag;
  for (const Header& header : head.headers) {
    if (coding && (header.known == http::Known::ContentLength ||
                   equals_ignoring_case(header.name(), "accept-ranges")))
      continue;
    if (coding && header.value().starts_with('"') && equals_ignoring_case(header.name(), "etag")) {
      strong_tag = header.value();
      continue;
    }
    ASSERT(out.headers.add(header));
  }
  if (!strong_tag.empty()) lines.add("ETag", strong_tag, "W/");
  if (coding && head.status != 304) lines.add("Content-Encoding", name_of(*coding));
  if (!list_has(head.headers, "vary", "*") && !list_has(head.headers, "vary", "accept-encoding"))
    lines.add("Vary", "Accept-Encoding");
  lines.put_into(out.headers);
}

}  // namespace slipway::edge

#include "tests/integration/http2/frames.h"

#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "edge/http2.h"
#include "io/socket.h"

namespace slipway::edge::test {
namespace {
constexpr int kPatienceMs = 5'000;
constexpr std::size_t kFrameHead = 9;

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

// A string of HPACK without Huffman coding (RFC 7541 section 5.2).
std::string literal(const std::string& text) {
  std::string out;
  std::size_t size = text.size();
  if (size < 127) return out + static_cast<char>(size) + text;
  out += '\x7f';
  for (size -= 127; size >= 128; size /= 128) out += static_cast<char>(size % 128 + 128);
  return out + static_cast<char>(size) + text;
}
}  // namespace

std::string number32(std::uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  return out;
}

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  const std::string& payload) {
  std::string out = number32(static_cast<std::uint32_t>(payload.size())).substr(1);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  return out + number32(stream) + payload;
}

std::string hpack(const FieldList& fields) {
  std::string out;
  for (const auto& [name, value] : fields)
    out += std::string(1, '\0') + literal(name) + literal(value);
  return out;
}

FieldList get_fields(const std::string& path) {
  return {{":method", "GET"}, {":scheme", "http"}, {":path", path}, {":authority", "any.example"}};
}

FieldList with(FieldList fields, const FieldList& more) {
  for (const auto& [name, value] : more) {
    const auto same = std::find_if(fields.begin(), fields.end(),
                                   [&](const auto& field) { return field.first == name; });
    if (name[0] == ':' && same != fields.end()) {
      same->second = value;
    } else {
      fields.emplace_back(name, value);
    }
  }
  return fields;
}

FieldList without(FieldList fields, const std::string& name) {
  std::erase_if(fields, [&](const auto& field) { return field.first == name; });
  return fields;
}

std::string headers(std::uint32_t stream, const FieldList& fields) {
  return frame(kHeaders, kEndHeaders | kEndStream, stream, hpack(fields));
}

std::string open_headers(std::uint32_t stream, const FieldList& fields) {
  return frame(kHeaders, kEndHeaders, stream, hpack(fields));
}

std::string settings(const std::vector<std::pair<int, std::uint32_t>>& values) {
  std::string payload;
  for (const auto& [id, value] : values) {
    payload += static_cast<char>(id >> 8);
    payload += static_cast<char>(id & 0xff);
    payload += number32(value);
  }
  return frame(kSettings, 0, 0, payload);
}

std::string times(int count, const std::string& bytes) {
  std::string out;
  for (int i = 0; i < count; ++i) out += bytes;
  return out;
}

int Frame::code() const {
  const std::size_t at = type == kGoAway ? 4 : 0;
  return payload.size() < at + 4 ? -1 : static_cast<int>(number_at(payload, at));
}

struct Http2Client::Inflater {
  Inflater() { nghttp2_hd_inflate_new(&hd); }
  ~Inflater() { nghttp2_hd_inflate_del(hd); }
  nghttp2_hd_inflater* hd = nullptr;
};

Http2Client::Http2Client(int port) : inflater_(std::make_unique<Inflater>()) {
  if (auto fd = io::connect_tcp({"127.0.0.1", port}, Millis(kPatienceMs)))
    fd_ = std::move(fd).value();
}

Http2Client::~Http2Client() = default;

void Http2Client::hello(const std::vector<std::pair<int, std::uint32_t>>& values) {
  send(std::string(kHttp2Preface) + settings(values));
}

void Http2Client::send(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t got = ::send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (got <= 0) return;  // the edge has closed; what it said before is still read
    sent += static_cast<std::size_t>(got);
  }
}

bool Http2Client::fill() {
  pollfd ready{fd_.get(), POLLIN, 0};
  if (poll(&ready, 1, kPatienceMs) <= 0) {
    timed_out_ = true;
    return false;
  }
  char bytes[65536];
  const ssize_t got = ::read(fd_.get(), bytes, sizeof bytes);
  if (got <= 0) return false;
  in_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

std::string Http2Client::raw() {
  while (fill()) {
  }
  return in_;
}

std::optional<Frame> Http2Client::read() {
  for (;;) {
    if (in_.size() >= kFrameHead) {
      const std::size_t length = number_at(in_, 0) >> 8;
      if (in_.size() >= kFrameHead + length) {
        Frame out;
        out.type = static_cast<std::uint8_t>(in_[3]);
        out.flags = static_cast<std::uint8_t>(in_[4]);
        out.stream = number_at(in_, 5) & 0x7fffffff;
        out.payload = in_.substr(kFrameHead, length);
        in_.erase(0, kFrameHead + length);
        return out;
      }
    }
    if (!fill()) return std::nullopt;
  }
}

std::optional<Frame> Http2Client::read_until(std::uint8_t type, std::uint32_t stream) {
  while (auto got = read()) {
    if (got->type == type && got->stream == stream) return got;
    if (got->type == kHeaders) decode(*got);  // the table of the connection must follow
  }
  return std::nullopt;
}

FieldList Http2Client::decode(const Frame& headers_frame) {
  FieldList fields;
  std::string block = headers_frame.payload;
  const auto* at = reinterpret_cast<const std::uint8_t*>(block.data());
  std::size_t left = block.size();
  for (;;) {
    nghttp2_nv nv;
    int flags = 0;
    const auto used = nghttp2_hd_inflate_hd2(inflater_->hd, &nv, &flags, at, left, 1);
    if (used < 0) return {{"undecodable", ""}};
    at += used;
    left -= static_cast<std::size_t>(used);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
      fields.emplace_back(std::string(reinterpret_cast<char*>(nv.name), nv.namelen),
                          std::string(reinterpret_cast<char*>(nv.value), nv.valuelen));
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_->hd);
  return fields;
}

Http2Client::Answer Http2Client::answer(std::uint32_t stream) {
  Answer out;
  while (auto got = read()) {
    FieldList fields;
    if (got->type == kHeaders) fields = decode(*got);
    if (got->type == kGoAway) out.reset = got->code();
    if (got->stream != stream) continue;
    if (got->type == kReset) {
      out.reset = got->code();
      return out;
    }
    if (got->type == kHeaders && !fields.empty() && fields[0].second[0] != '1') {
      out.status = std::stoi(fields[0].second);
      out.fields = fields;
    }
    if (got->type == kBody) {
      out.body += got->payload;
      send(frame(
          kWindowUpdate, 0, 0,
          number32(static_cast<std::uint32_t>(std::max<std::size_t>(1, got->payload.size())))));
    }
    if ((got->type == kHeaders || got->type == kBody) && (got->flags & kEndStream) != 0) {
      out.ended = true;
      return out;
    }
  }
  return out;
}

}  // namespace slipway::edge::test

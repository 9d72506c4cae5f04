#include "edge/http2.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <vector>

#include "base/assert.h"
#include "http/bytes.h"
#include "http/parser.h"

namespace slipway::edge {
namespace {

constexpr int kHeadTooLarge = 431;
constexpr int kBadRequest = 400;
constexpr int kNotImplemented = 501;

std::string_view view(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// A request whose head is being read, until its stream is closed.
struct Incoming {
  std::string method;
  std::string path;
  std::string authority;
  std::string host;
  std::string cookie;  // sent in crumbs, passed on as one (RFC 9113 section 8.2.3)
  std::string fields;  // "name: value" lines
  std::size_t size = 0;
  std::size_t count = 0;
  int refused = 0;  // the status to answer instead
  bool has_length = false;
  bool in_head = true;
  bool ended = false;
  std::size_t unconsumed = 0;
};

// Fields that speak about an HTTP/1.1 connection and have no place in HTTP/2 (RFC 9113 section
// 8.2.2).
bool is_of_connection(std::string_view lower_name) {
  return lower_name == "connection" || lower_name == "transfer-encoding" ||
         lower_name == "keep-alive" || lower_name == "proxy-connection" || lower_name == "upgrade";
}

bool is_path(const Incoming& request) {
  return (!request.path.empty() && request.path[0] == '/') ||
         (request.path == "*" && request.method == "OPTIONS");
}

std::string head_text(Incoming& request, bool ends) {
  std::string head = std::move(request.method);
  const std::string_view host = request.authority.empty() ? request.host : request.authority;
  head.reserve(head.size() + request.path.size() + host.size() + request.fields.size() + 96);
  head.append(" ").append(request.path).append(" HTTP/1.1\r\n");
  if (!host.empty()) head.append("Host: ").append(host).append("\r\n");
  head.append(request.fields);
  if (!request.cookie.empty()) head.append("cookie: ").append(request.cookie).append("\r\n");
  if (!ends && !request.has_length) head.append("Transfer-Encoding: chunked\r\n");
  return head.append("\r\n");
}

// An HTTP/1.1 response head taken apart into the fields of HTTP/2. Views point into `names` and the
// head.
struct Fields {
  explicit Fields(std::string_view head) {
    names.assign(head);
    list.reserve(24);
    add(":status", head.substr(9, 3));
    std::size_t at = head.find("\r\n") + 2;
    while (at < head.size()) {
      const std::size_t end = head.find("\r\n", at);
      if (end == std::string_view::npos || end == at) break;
      add_line(head, at, end);
      at = end + 2;
    }
  }
  void add_line(std::string_view head, std::size_t at, std::size_t end) {
    const std::size_t colon = head.find(':', at);
    ASSERT(colon < end);
    for (std::size_t i = at; i < colon; ++i) names[i] = http::to_lower(names[i]);
    const std::string_view name(names.data() + at, colon - at);
    std::size_t value = colon + 1;
    while (value < end && http::is_ows(head[value])) ++value;
    if (!is_of_connection(name)) add(name, head.substr(value, end - value));
  }
  void add(std::string_view name, std::string_view value) {
    list.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                    reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                    value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  std::string names;
  std::vector<nghttp2_nv> list;
};

}  // namespace

struct Http2Session::Parts {
  Parts(const Http2Limits& wanted, Events& listener) : limits(wanted), events(listener) {}
  ~Parts() { nghttp2_session_del(session); }
  Incoming* incoming(std::int32_t stream) const {
    return static_cast<Incoming*>(nghttp2_session_get_stream_user_data(session, stream));
  }
  void open();
  void hear_heads(nghttp2_session_callbacks* callbacks);
  void hear_frames(nghttp2_session_callbacks* callbacks);
  void submit_settings();
  void begin_head(std::int32_t stream);
  int add_field(std::int32_t stream, std::string_view name, std::string_view value);
  void end_head(std::int32_t stream, bool ends);
  void begins(const nghttp2_frame_hd& head);
  bool was_reset_here(std::int32_t stream) const;
  void received(const nghttp2_frame& frame);
  void sent(const nghttp2_frame& frame);
  void closed(std::int32_t stream);
  void idle_frame();
  void fail(std::uint32_t code);

  Http2Limits limits;
  Events& events;
  nghttp2_session* session = nullptr;
  bool failed = false;
  std::int32_t highest = 0;                   // identifier of a stream so far
  std::array<std::int32_t, 32> reset_here{};  // the last ones, in a ring
  std::size_t resets = 0;
  std::unordered_map<std::int32_t, std::unique_ptr<Incoming>> requests;  // one for each open stream
  std::size_t heads = 0;                                                 // begun and not ended
  std::uint64_t now_ms = 0;
  std::uint64_t allowance_at_ms = 0;
  double allowance = 0;  // of idle frames
};

namespace {

int malformed(nghttp2_session* in, std::int32_t stream) {
  nghttp2_submit_rst_stream(in, NGHTTP2_FLAG_NONE, stream, NGHTTP2_PROTOCOL_ERROR);
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}
}  // namespace

void Http2Session::Parts::open() {
  nghttp2_session_callbacks* callbacks = nullptr;
  ASSERT(nghttp2_session_callbacks_new(&callbacks) == 0);
  hear_heads(callbacks);
  hear_frames(callbacks);
  nghttp2_option* option = nullptr;
  ASSERT(nghttp2_option_new(&option) == 0);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  ASSERT(nghttp2_session_server_new2(&session, callbacks, this, option) == 0);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  submit_settings();
}

void Http2Session::Parts::hear_heads(nghttp2_session_callbacks* callbacks) {
  nghttp2_session_callbacks_set_on_begin_headers_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
          static_cast<Parts*>(user)->begin_head(frame->hd.stream_id);
        return 0;
      });
  nghttp2_session_callbacks_set_on_header_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) {
        return static_cast<Parts*>(user)->add_field(frame->hd.stream_id, view(name, name_size),
                                                    view(value, value_size));
      });
  nghttp2_session_callbacks_set_on_invalid_header_callback(
      callbacks, [](nghttp2_session* in, const nghttp2_frame* frame, const std::uint8_t*,
                    std::size_t, const std::uint8_t*, std::size_t, std::uint8_t,
                    void*) { return malformed(in, frame->hd.stream_id); });
}

void Http2Session::Parts::hear_frames(nghttp2_session_callbacks* callbacks) {
  nghttp2_session_callbacks_set_on_begin_frame_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
        static_cast<Parts*>(user)->begins(*head);
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        static_cast<Parts*>(user)->received(*frame);
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* bytes,
                    std::size_t size, void* user) {
        auto& parts = *static_cast<Parts*>(user);
        if (Incoming* request = parts.incoming(stream)) request->unconsumed += size;
        parts.events.on_body(stream, view(bytes, size));
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, [](nghttp2_session*, std::int32_t stream, std::uint32_t, void* user) {
        static_cast<Parts*>(user)->closed(stream);
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_send_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        static_cast<Parts*>(user)->sent(*frame);
        return 0;
      });
}

void Http2Session::Parts::submit_settings() {
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.head_bytes)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  };
  ASSERT(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings)) == 0);
  ASSERT(nghttp2_session_set_local_window_size(
             session, NGHTTP2_FLAG_NONE, 0, static_cast<std::int32_t>(limits.connection_window)) ==
         0);
  allowance = limits.idle_frames;
}

void Http2Session::Parts::begin_head(std::int32_t stream) {
  auto request = std::make_unique<Incoming>();
  nghttp2_session_set_stream_user_data(session, stream, request.get());
  requests[stream] = std::move(request);
  ++heads;
}

int Http2Session::Parts::add_field(std::int32_t stream, std::string_view name,
                                   std::string_view value) {
  Incoming* request = incoming(stream);
  if (request == nullptr || !request->in_head) return 0;  // trailers are checked and dropped
  request->size += name.size() + value.size() + 4;
  ++request->count;
  if (request->size > limits.head_bytes || request->count > limits.headers)
    request->refused = kHeadTooLarge;
  if (request->refused != 0) return 0;
  const bool padded = !value.empty() && (http::is_ows(value.front()) || http::is_ows(value.back()));
  if (padded) return malformed(session, stream);
  if (name == ":method") {
    request->method = value;
  } else if (name == ":path") {
    request->path = value;
  } else if (name == ":authority") {
    request->authority = value;
  } else if (name == "host") {
    request->host = value;
  } else if (name == "cookie") {
    if (!request->cookie.empty()) request->cookie += "; ";
    request->cookie += value;
  } else if (name[0] != ':') {
    request->has_length = request->has_length || name == "content-length";
    request->fields.append(name).append(": ").append(value).append("\r\n");
  }
  return 0;
}

void Http2Session::Parts::end_head(std::int32_t stream, bool ends) {
  Incoming* request = incoming(stream);
  if (request == nullptr) return;
  if (!request->in_head) {  // trailers
    request->ended = true;
    return events.on_body_end(stream);
  }
  request->in_head = false;
  --heads;
  request->ended = ends;
  if (request->refused != 0) return events.on_refused(stream, request->refused);
  if (request->method == "CONNECT") return events.on_refused(stream, kNotImplemented);
  // Two names for the host could be read differently behind us (RFC 9113 section 8.3.1).
  const bool two_hosts = !request->authority.empty() && !request->host.empty() &&
                         !http::equals_ignoring_case(request->authority, request->host);
  if (two_hosts || !is_path(*request)) return events.on_refused(stream, kBadRequest);
  events.on_request(stream, head_text(*request, ends), ends);
}

bool Http2Session::Parts::was_reset_here(std::int32_t stream) const {
  return std::find(reset_here.begin(), reset_here.end(), stream) != reset_here.end();
}

// What nghttp2 lets pass: it ignores priorities altogether, and heads on streams it has forgotten.
void Http2Session::Parts::begins(const nghttp2_frame_hd& head) {
  if (head.type == NGHTTP2_PRIORITY) {
    if (head.stream_id == 0 && !failed) return fail(NGHTTP2_PROTOCOL_ERROR);
    return idle_frame();
  }
  if (head.type != NGHTTP2_HEADERS || failed) return;
  const bool open = head.stream_id > highest || requests.contains(head.stream_id);
  // The client may not know yet that a stream was reset from here.
  if (!open && !was_reset_here(head.stream_id)) fail(NGHTTP2_STREAM_CLOSED);
  highest = std::max(highest, head.stream_id);
}

void Http2Session::Parts::received(const nghttp2_frame& frame) {
  const bool ends = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      return end_head(frame.hd.stream_id, ends);
    case NGHTTP2_DATA:
      if (frame.hd.length == 0 && !ends) idle_frame();
      if (!ends) return;
      if (Incoming* request = incoming(frame.hd.stream_id)) request->ended = true;
      return events.on_body_end(frame.hd.stream_id);
    case NGHTTP2_RST_STREAM:
    case NGHTTP2_PING:
    case NGHTTP2_SETTINGS:
      return idle_frame();
    default:
      return;
  }
}

void Http2Session::Parts::sent(const nghttp2_frame& frame) {
  // What this side has to reset costs as much as what the client resets.
  if (frame.hd.type == NGHTTP2_RST_STREAM && frame.rst_stream.error_code != NGHTTP2_NO_ERROR) {
    reset_here[resets++ % reset_here.size()] = frame.hd.stream_id;
    // A window beyond its largest may come of SETTINGS, and is then an error of the connection
    // (RFC 9113 section 6.9.2).
    if (frame.rst_stream.error_code == NGHTTP2_FLOW_CONTROL_ERROR)
      return fail(NGHTTP2_FLOW_CONTROL_ERROR);
    return idle_frame();
  }
  const bool ends = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  const bool answer = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
  if (!ends || !answer) return;
  const Incoming* request = incoming(frame.hd.stream_id);
  // Answered in full before the request was: the rest is not wanted (RFC 9113 section 8.1).
  if (request != nullptr && !request->ended)
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_NO_ERROR);
}

void Http2Session::Parts::closed(std::int32_t stream) {
  Incoming* request = incoming(stream);
  if (request == nullptr) return;
  nghttp2_session_set_stream_user_data(session, stream, nullptr);
  if (request->in_head) --heads;
  if (request->unconsumed > 0) nghttp2_session_consume_connection(session, request->unconsumed);
  requests.erase(stream);
  events.on_closed(stream);
}

void Http2Session::Parts::idle_frame() {
  const double seconds = static_cast<double>(now_ms - allowance_at_ms) / 1000;
  allowance_at_ms = now_ms;
  allowance = std::min<double>(limits.idle_frames, allowance + seconds * limits.idle_frames_per_s);
  allowance -= 1;
  if (allowance < 0 && !failed) fail(NGHTTP2_ENHANCE_YOUR_CALM);
}

void Http2Session::Parts::fail(std::uint32_t code) {
  failed = true;
  nghttp2_session_terminate_session(session, code);
}

Http2Session::Http2Session(const Http2Limits& limits, Events& events)
    : parts_(std::make_unique<Parts>(limits, events)) {
  parts_->open();
}

Http2Session::~Http2Session() = default;

bool Http2Session::receive(std::string_view bytes, std::uint64_t now_ms) {
  Parts& parts = *parts_;
  if (parts.now_ms == 0) parts.allowance_at_ms = now_ms;
  parts.now_ms = now_ms;
  if (parts.failed) return false;
  const auto used = nghttp2_session_mem_recv(
      parts.session, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (used < 0) {
    if (used == NGHTTP2_ERR_FLOODED)
      nghttp2_session_terminate_session(parts.session, NGHTTP2_ENHANCE_YOUR_CALM);
    parts.failed = true;
  }
  return !parts.failed;
}

std::string_view Http2Session::next_bytes() {
  const std::uint8_t* bytes = nullptr;
  const auto size = nghttp2_session_mem_send(parts_->session, &bytes);
  if (size < 0) parts_->failed = true;
  return size > 0 ? view(bytes, static_cast<std::size_t>(size)) : std::string_view();
}

bool Http2Session::is_over() const {
  return parts_->failed || (nghttp2_session_want_read(parts_->session) == 0 &&
                            nghttp2_session_want_write(parts_->session) == 0);
}

void Http2Session::respond(std::int32_t stream, std::string_view head, bool ends) {
  Fields fields(head);
  nghttp2_data_provider content{};
  content.source.ptr = parts_.get();
  content.read_callback = [](nghttp2_session*, std::int32_t id, std::uint8_t* to, std::size_t most,
                             std::uint32_t* flags, nghttp2_data_source* source, void*) -> ssize_t {
    bool last = false;
    const std::size_t size = static_cast<Parts*>(source->ptr)
                                 ->events.take_content(id, reinterpret_cast<char*>(to), most, last);
    if (last) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (size == 0 && !last) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(size);
  };
  const int done = nghttp2_submit_response(parts_->session, stream, fields.list.data(),
                                           fields.list.size(), ends ? nullptr : &content);
  if (done != 0) reset(stream);
}

void Http2Session::interim(std::int32_t stream, std::string_view head) {
  Fields fields(head);
  nghttp2_submit_headers(parts_->session, NGHTTP2_FLAG_NONE, stream, nullptr, fields.list.data(),
                         fields.list.size(), nullptr);
}

void Http2Session::resume(std::int32_t stream) {
  nghttp2_session_resume_data(parts_->session, stream);
}

void Http2Session::consume(std::int32_t stream, std::size_t size) {
  Incoming* request = parts_->incoming(stream);
  if (request == nullptr) return;
  request->unconsumed -= std::min(size, request->unconsumed);
  nghttp2_session_consume(parts_->session, stream, size);
}

void Http2Session::reset(std::int32_t stream) {
  nghttp2_submit_rst_stream(parts_->session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_INTERNAL_ERROR);
}

void Http2Session::say_goodbye() { nghttp2_submit_shutdown_notice(parts_->session); }

void Http2Session::stop_reading_requests() {
  nghttp2_submit_goaway(parts_->session, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(parts_->session), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

bool Http2Session::in_head() const { return parts_->heads > 0; }
std::size_t Http2Session::streams() const { return parts_->requests.size(); }

}  // namespace slipway::edge

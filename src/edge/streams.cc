// HTTP/2 clients: their connection reads and sends frames, each request is a Stream that goes the
// same way as any other client's. Frames of all streams are sent together, once per round of
// events.
#include "edge/streams.h"

#include <algorithm>

#include "edge/worker.h"

namespace slipway::edge {
namespace {
constexpr int kReadsInARow = 4;
constexpr std::size_t kMostAtOnce = 128 * 1024;
constexpr Millis kGoodbyeNotice{1'000};  // a round trip, so that requests on their way are answered
constexpr Millis kWriteTime{60'000};
}  // namespace

Client::Client(Kind of) : Socket(of) {}
Client::~Client() = default;

Stream* Http2Connection::find(std::int32_t stream) const {
  const auto found = streams.find(stream);
  return found == streams.end() ? nullptr : found->second;
}

Stream& Http2Connection::add(std::int32_t id) {
  auto owned = std::make_unique<Stream>(client_, id);
  Stream& stream = *owned.release();  // the worker's list owns it until it is buried
  stream.peer = client_.peer;
  stream.secure = client_.secure;
  stream.deadline.owner = static_cast<Socket*>(&stream);
  streams.emplace(id, &stream);
  return stream;
}

void Http2Connection::on_request(std::int32_t id, std::string head, bool ends) {
  Stream& stream = add(id);
  stream.body_done = ends;
  worker_.begin_stream(stream, std::move(head));
  awake.push_back(id);
}

void Http2Connection::on_refused(std::int32_t id, int status) {
  Stream& stream = add(id);
  worker_.begin_stream(stream, {});
  LocalAnswer refusal;
  refusal.status = status;
  refusal.body = "the request's head is not one that can be answered (RFC 9113 section 8)\n";
  worker_.answer(stream, refusal, false, false);
}

void Http2Connection::on_body(std::int32_t id, std::string_view bytes) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->phase == Client::Phase::Linger) return;
  stream->body.append(bytes);
  stream->readable = true;
  awake.push_back(id);
}

void Http2Connection::on_body_end(std::int32_t id) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->body_done = true;
  stream->readable = true;
  awake.push_back(id);
}

void Http2Connection::on_closed(std::int32_t id) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->over = true;
  streams.erase(id);
  Exchange* exchange = stream->exchange;
  if (exchange == nullptr) return worker_.close_client(*stream);
  if (exchange->response_done && stream->out.empty()) {
    worker_.finish_exchange(*exchange);
    return worker_.close_client(*stream);
  }
  worker_.abort_exchange(*exchange);
}

std::size_t Http2Connection::take_content(std::int32_t id, char* to, std::size_t most, bool& last) {
  Stream* stream = find(id);
  if (stream == nullptr) return 0;
  const std::size_t size = std::min(most, stream->out.size() - stream->out_taken);
  stream->out.copy(to, size, stream->out_taken);
  stream->out_taken += size;
  if (stream->out_taken < stream->out.size()) return size;
  stream->out.clear();
  stream->out_taken = 0;
  last = stream->last_given;
  // The upstream may be read on.
  if (size > 0 && stream->exchange != nullptr) worker_.again_.push_back(stream);
  return size;
}

bool Worker::starts_http2(const Client& client, std::string_view bytes) const {
  if (client.secure) return alpn_is_h2(client);
  return limits_.h2c && bytes.starts_with(kHttp2Preface);
}

void Worker::begin_http2(Client& client, std::string_view bytes) {
  client.begun = true;
  client.phase = Client::Phase::Http2;
  Http2Limits limits;
  limits.head_bytes = limits_.head.head_bytes;
  limits.headers = limits_.head.headers - 4;  // what the edge adds must find room too
  client.h2 = std::make_unique<Http2Connection>(*this, client, limits);
  if (goodbye_) leave_http2(client);
  const std::string first(bytes);  // they may be client.in
  std::string().swap(client.in);
  feed_http2(client, first);
  on_http2(client);
}

// False: the connection is to end. The streams that the bytes woke have run.
bool Worker::feed_http2(Client& client, std::string_view bytes) {
  Http2Connection& h2 = *client.h2;
  const bool goes_on = h2.session.receive(bytes, now_ms_);
  touch(client);
  std::vector<std::int32_t> awake;
  awake.swap(h2.awake);
  for (const std::int32_t id : awake) {
    const auto found = h2.streams.find(id);
    if (found != h2.streams.end()) on_stream(*found->second);
  }
  return goes_on;
}

void Worker::on_http2(Client& client) {
  if (!flush_client(client)) return close_client(client);
  for (int reads = 0; client.readable; ++reads) {
    if (reads == kReadsInARow) {
      again_.push_back(&client);
      break;
    }
    const Received got = receive(client, scratch_.get(), kScratch);
    if (got.got == Got::Later) break;
    if (got.got == Got::Ended) return close_client(client);
    if (!feed_http2(client, {scratch_.get(), got.size})) break;
  }
  touch(client);
}

// The connection has frames to send at the end of this round.
void Worker::touch(Client& connection) {
  Http2Connection& h2 = *connection.h2;
  if (h2.touched) return;
  h2.touched = true;
  touched_.push_back(&connection);
}

void Worker::flush_streams() {
  while (!touched_.empty()) {
    Client& client = *touched_.back();
    touched_.pop_back();
    client.h2->touched = false;
    flush_http2(client);
  }
}

void Worker::flush_http2(Client& client) {
  Http2Session& session = client.h2->session;
  bool alive = true;
  for (bool more = true; alive && more && client.out.empty();) {
    frames_out_.clear();
    while (more && frames_out_.size() < kMostAtOnce) {
      const std::string_view bytes = session.next_bytes();
      more = !bytes.empty();
      frames_out_.append(bytes);
    }
    Pieces pieces;
    pieces.add(frames_out_);
    if (!frames_out_.empty()) alive = send_client(client, pieces);
  }
  if (!alive) return close_client(client);
  if (client.out.empty() && session.is_over()) {
    close_streams(client);
    return linger(client);
  }
  set_http2_deadline(client);
}

void Worker::set_http2_deadline(Client& client) {
  Http2Connection& h2 = *client.h2;
  if (!h2.session.in_head()) h2.head_due_ms = 0;
  if (h2.session.in_head() && h2.head_due_ms == 0)
    h2.head_due_ms = now_ms_ + static_cast<std::uint64_t>(limits_.head_time.count());
  if (h2.head_due_ms != 0) return wheel_.set(client.deadline, h2.head_due_ms, now_ms_);
  if (!client.out.empty()) return set_deadline(client, kWriteTime);
  if (h2.leaving && !h2.left) return set_deadline(client, kGoodbyeNotice);
  if (!h2.streams.empty()) return wheel_.clear(client.deadline);
  set_deadline(client, limits_.idle_time);
}

void Worker::http2_due(Client& client) {
  Http2Connection& h2 = *client.h2;
  if (h2.head_due_ms != 0 || !client.out.empty()) return close_client(client);
  h2.left = true;
  h2.leaving = true;
  h2.session.stop_reading_requests();
  touch(client);
}

// The client may open no new streams here; the open ones are answered, then the connection ends.
void Worker::leave_http2(Client& client) {
  Http2Connection& h2 = *client.h2;
  if (h2.leaving) return;
  h2.leaving = true;
  h2.session.say_goodbye();
  touch(client);
}

// The connection is gone: so are its streams.
void Worker::close_streams(Client& client) {
  Http2Connection& h2 = *client.h2;
  while (!h2.streams.empty()) {
    Stream& stream = *h2.streams.begin()->second;
    h2.streams.erase(h2.streams.begin());
    stream.over = true;
    if (stream.exchange != nullptr) {
      abort_exchange(*stream.exchange);
    } else {
      close_client(stream);
    }
  }
}

void Worker::begin_stream(Stream& stream, std::string head) {
  stream.before = client_list_.before;
  stream.after = &client_list_;
  stream.before->after = &stream;
  client_list_.before = &stream;
  stream.begun = true;
  stream.in = std::move(head);
}

void Worker::on_stream(Stream& stream) {
  switch (stream.phase) {
    case Client::Phase::Idle:
    case Client::Phase::Head:
      // A head that needs more is none: it was whole when it came.
      if (!stream.in.empty()) use_bytes(stream, stream.in, true);
      if (!stream.closed && stream.phase == Client::Phase::Head) close_client(stream);
      return;
    case Client::Phase::Busy:
      return on_busy_client(stream);
    case Client::Phase::Held:
    case Client::Phase::Linger:
    case Client::Phase::Http2:
      return;
  }
}

// Called when the worker lets go of a stream: the client is told, unless it is over anyway.
void Worker::stream_closed(Stream& stream) {
  if (stream.over) return;
  stream.over = true;
  Http2Connection& h2 = *stream.connection->h2;
  h2.streams.erase(stream.id);
  h2.session.reset(stream.id);
  touch(*stream.connection);
}

Worker::Received Worker::receive_body(Stream& stream, char* to, std::size_t most) {
  const std::size_t size = std::min(most, stream.body.size() - stream.body_taken);
  if (size == 0) {
    if (stream.body_done) return {Got::Ended, 0};
    stream.readable = false;
    return {Got::Later, 0};
  }
  stream.body.copy(to, size, stream.body_taken);
  stream.body_taken += size;
  if (stream.body_taken == stream.body.size()) {
    stream.body.clear();
    stream.body_taken = 0;
  }
  if (!stream.over) {
    stream.connection->h2->session.consume(stream.id, size);
    touch(*stream.connection);
  }
  return {Got::Bytes, size};
}

// `head`, when it is not empty, is an HTTP/1.1 head; content follows it as it is, without chunks.
bool Worker::give_stream(Stream& stream, std::string_view head, std::string_view content,
                         bool last) {
  if (stream.over) return true;
  Http2Session& session = stream.connection->h2->session;
  const bool interim = !head.empty() && head[9] == '1';
  stream.out.append(content);
  stream.last_given = stream.last_given || last;
  if (interim) {
    session.interim(stream.id, head);
  } else if (!head.empty()) {
    session.respond(stream.id, head, last && content.empty());
  } else {
    session.resume(stream.id);
  }
  touch(*stream.connection);
  return true;
}

}  // namespace slipway::edge

#include "daemon/api_server.h"

#include <pwd.h>
#include <unistd.h>

#include <atomic>
#include <charconv>

#include "daemon/documents.h"
#include "http/client.h"

namespace slipway::daemon {
namespace {
constexpr int kWorkers = 16;  // a command waits for its release, and status must not wait for that
constexpr std::size_t kMostWaiting = 256;
constexpr std::size_t kStreamBacklog = 8 * 1024 * 1024;
constexpr Millis kAskForeign{1'000};

std::string login_name(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  const bool good =
      ::getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr;
  return good ? found->pw_name : "uid " + std::to_string(uid);
}

// Hands what any thread writes to the loop, where the connection lives.
class LoopSink final : public EventSink, public std::enable_shared_from_this<LoopSink> {
 public:
  LoopSink(io::EventLoop& loop, std::shared_ptr<http::Responder> responder)
      : loop_(loop), responder_(std::move(responder)) {}
  ~LoopSink() override {
    // The connection's end of it lives on the loop. A loop that takes no posts runs no more.
    (void)loop_.post([responder = std::move(responder_)] {});
  }

  // On the loop, before anything else.
  void open(const Reply& reply, const http::Fields& fields) {
    responder_->begin_stream(reply.status, reply.type, fields);
    responder_->on_closed([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->lost_ = true;
    });
  }
  bool send(std::string_view text) override {
    if (closed_ || lost_) return false;
    const std::size_t size = text.size();
    // Two bounds: what the loop has not taken yet here, what the socket has not taken yet in the
    // server.
    if (waiting_.fetch_add(size) + size > kStreamBacklog) return let_go();
    const bool posted = loop_.post([self = shared_from_this(), bytes = std::string(text)] {
      self->waiting_ -= bytes.size();
      if (!self->lost_ && !self->responder_->write_chunk(bytes)) self->lost_ = true;
    });
    return posted || let_go();
  }
  void close() override {
    if (closed_.exchange(true)) return;
    // A loop that takes no posts is about to end, and the connection with it.
    (void)loop_.post([self = shared_from_this()] { self->responder_->end_stream(); });
  }

 private:
  bool let_go() {
    close();
    return false;
  }
  io::EventLoop& loop_;
  std::shared_ptr<http::Responder> responder_;
  std::atomic<bool> closed_{false};  // nothing more is sent
  std::atomic<bool> lost_{false};    // the reader is gone
  std::atomic<std::size_t> waiting_{0};
};

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}
}  // namespace

Result<std::unique_ptr<ApiServer>> ApiServer::make(Api& api, Parts& parts) {
  auto loop = TRY(io::EventLoop::make());
  return std::unique_ptr<ApiServer>(new ApiServer(api, parts, std::move(loop)));
}

ApiServer::ApiServer(Api& api, Parts& parts, std::unique_ptr<io::EventLoop> loop)
    : api_(api), parts_(parts), loop_(std::move(loop)), work_(kMostWaiting) {
  http::ServerLimits limits;
  limits.stream_backlog = kStreamBacklog;
  server_ = std::make_unique<http::Server>(
      *loop_,
      [this](const http::Request& request, std::shared_ptr<http::Responder> responder) {
        take(request, std::move(responder));
      },
      limits);
}

ApiServer::~ApiServer() { close(); }

Result<void> ApiServer::listen_unix(const std::string& path) {
  auto listening = server_->listen_unix(path, 0600);
  if (listening || listening.error().code != Code::AddressInUse) return listening;
  // Somebody answers there. The folder's lock is ours, so it is no daemon of this folder.
  http::Call call;
  call.target = "/v1/version";
  call.timeout = kAskForeign;
  const auto answer = http::Client::on_unix(path).request(call);
  const auto document = answer ? Json::parse(answer->body) : Result<Json>(answer.error());
  if (document && document->text("product") == "slipway") {
    return Error(Code::AddressInUse,
                 "another slipway daemon (pid " + std::to_string(document->integer("pid")) +
                     ") answers on " + path,
                 "stop it, or use another --state folder");
  }
  return Error(Code::DaemonForeign, "something that is not slipway answers on " + path,
               "find it with: ss -xlp | grep " + path + "; stop it, or use another --state folder");
}

Result<int> ApiServer::listen_tcp(const std::string& address) {
  const auto place = TRY(io::parse_host_port(address));
  if (!is_loopback(place.host)) {
    return Error(
        Code::Unsupported,
        "cannot listen on " + address + ": plain HTTP is for loopback only, TLS is not there yet",
        "listen on 127.0.0.1:" + std::to_string(place.port) + " and reach it through ssh -L");
  }
  return server_->listen_tcp(place.host, place.port);
}

void ApiServer::start() {
  loop_thread_ = std::thread([this] { loop_->run(); });
  for (int i = 0; i < kWorkers; ++i) workers_.emplace_back([this] { serve_requests(); });
}

void ApiServer::stop_listening() {
  // A loop that takes no posts is about to end, and the sockets with it.
  (void)loop_->post([this] { server_->stop_listening(); });
}

void ApiServer::close() {
  if (std::exchange(closed_, true)) return;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  arrived_.notify_all();
  for (auto& worker : workers_) worker.join();
  loop_->stop();
  if (loop_thread_.joinable()) loop_thread_.join();
  // What was answered last is still posted, and what it frees posts once more: give them their
  // rounds before the sockets go.
  for (int round = 0; round < 4; ++round) loop_->poll_once(Millis(0));
  server_.reset();
}

// On the loop: cheap, and never waits.
void ApiServer::take(const http::Request& request, std::shared_ptr<http::Responder> responder) {
  {
    const std::lock_guard lock(mutex_);
    if (!closing_ && work_.push({request, responder})) {
      arrived_.notify_one();
      return;
    }
  }
  Reply busy =
      error_reply(Error(Code::Conflict, "the daemon has too many requests waiting, or stops",
                        "try again in a second"));
  busy.headers.emplace_back("Retry-After", "1");
  responder->respond(503, busy.body, busy.type, fields_of(busy));
}

void ApiServer::serve_requests() {
  while (true) {
    std::optional<Work> work;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return closing_ || !work_.empty(); });
      work = work_.pop();
      if (!work) return;  // closing
    }
    answer(std::move(*work));
  }
}

void ApiServer::answer(Work work) {
  auto call = read(work.request);
  Reply reply = call ? api_.answer(std::move(call).value()) : error_reply(call.error());
  if (reply.stream) return open_stream(std::move(work.responder), reply);
  // The responder belongs to the loop's thread: it is handed over, not shared.
  // A post that is refused means the loop is about to end.
  (void)loop_->post(
      [this, responder = std::move(work.responder), reply = std::move(reply)]() mutable {
        responder->respond(reply.status, std::move(reply.body), reply.type, fields_of(reply));
      });
}

Result<Call> ApiServer::read(const http::Request& request) {
  const auto number = request.field("Slipway-Api");
  if (!number.empty() && number != std::to_string(Api::kNumber)) {
    return Error(Code::DaemonVersion,
                 "the caller speaks API " + std::string(number) + ", this daemon (slipway " +
                     parts_.house.version + ") speaks API " + std::to_string(Api::kNumber),
                 "use the slipway command of version " + parts_.house.version +
                     ", or restart the daemon with yours");
  }
  Call call;
  call.method = request.method;
  call.path = request.path;
  call.query = TRY(parse_query(request.query));
  call.body = request.body;
  call.wants_page = request.field("Accept").find("text/html") != std::string_view::npos;
  const auto last = request.field("Last-Event-ID");
  std::from_chars(last.data(), last.data() + last.size(), call.last_event);
  auto caller_found = caller(request);
  const Match route = match(call.method, call.path);
  const bool is_open = route.route != nullptr && route.route->role == Role::None;
  if (!caller_found && !is_open) return std::move(caller_found).error();
  if (caller_found) call.caller = std::move(caller_found).value();
  return call;
}

Result<Caller> ApiServer::caller(const http::Request& request) {
  if (!request.peer) return caller_of(parts_.tokens, request.field("Authorization"));
  const uid_t uid = request.peer->uid;
  if (uid == 0 || uid == ::geteuid()) return Caller{Role::Admin, login_name(uid), false};
  return Error(Code::Forbidden, "user " + login_name(uid) + " may not use this socket",
               "run as root or as the daemon's user, or use a token over TCP");
}

http::Fields ApiServer::fields_of(const Reply& reply) const {
  http::Fields fields{{"Slipway-Version", parts_.house.version},
                      {"Slipway-Api", std::to_string(Api::kNumber)}};
  for (const auto& [name, value] : reply.headers) fields.push_back({name, value});
  if (reply.status == 401) fields.push_back({"WWW-Authenticate", "Bearer"});
  return fields;
}

// On a worker: what is replayed may take a moment. The loop opens the stream before it writes to
// it, because posts run in their order.
void ApiServer::open_stream(std::shared_ptr<http::Responder> responder, const Reply& reply) {
  auto fields = fields_of(reply);
  fields.push_back({"Cache-Control", "no-store"});
  auto sink = std::make_shared<LoopSink>(*loop_, std::move(responder));
  Reply head;
  head.status = reply.status;
  head.type = reply.type;
  // A loop that takes no posts is about to end: the reader sees the connection close.
  (void)loop_->post([sink, head, fields] { sink->open(head, fields); });
  const auto opened = reply.stream(sink);
  if (opened) return;
  // The reader may be gone by now.
  (void)sink->send(event_text("error", 0, error_document(opened.error()).dump()));
  sink->close();
}

}  // namespace slipway::daemon

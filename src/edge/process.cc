#include "edge/process.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include "edge/address.h"
#include "io/child.h"
#include "io/files.h"
#include "io/socket.h"

namespace slipway::edge {
namespace {

constexpr Millis kPoll{50};
constexpr Millis kPatience{1'000};
constexpr std::size_t kMostBody = std::size_t{16} << 20;
constexpr int kBacklog = 4096;
constexpr Millis kTicketLook{60'000};

std::uint64_t now_ms() { return static_cast<std::uint64_t>(io::monotonic_us()) / 1000; }

Result<void> make_folder(const std::string& path, unsigned mode, std::string_view next) {
  auto made = io::make_dirs(path, mode);
  if (made) return ok();
  Error error = std::move(made).error();
  if (error.next.empty()) error.next = next;
  return error;
}

}  // namespace

std::string control_socket_path(const std::string& state) { return state + "/edge.sock"; }

std::string EdgeProcess::handover_path() const { return options_.state + "/edge-handover.sock"; }

EdgeProcess::EdgeProcess(EdgeOptions options) : options_(std::move(options)) {
  if (options_.acme_webroot.empty()) options_.acme_webroot = options_.state + "/acme-webroot";
  options_.limits.acme_webroot = options_.acme_webroot;
  if (options_.workers == 0) options_.workers = std::max(1U, std::thread::hardware_concurrency());
}

EdgeProcess::~EdgeProcess() {
  if (loop_ == nullptr) return;
  if (knocks_) loop_->remove(knocks_.get());
  if (predecessor_) loop_->remove(predecessor_->fd());
  if (successor_) loop_->remove(successor_->fd());
  if (server_ != nullptr && !handed_over_) {
    ::unlink(control_socket_path(options_.state).c_str());
    ::unlink((handover_path()).c_str());
  }
}

void EdgeProcess::say(const std::string& line) const {
  if (options_.say) return options_.say(line);
  std::fprintf(stderr, "slipway edge: %s\n", line.c_str());
}

std::vector<int> EdgeProcess::listener_fds() const {
  std::vector<int> fds;
  for (const Bound& listener : listeners_) fds.push_back(listener.fd.get());
  return fds;
}

std::vector<ListenSocket> EdgeProcess::listen_sockets() const {
  std::vector<ListenSocket> out;
  for (const Bound& listener : listeners_)
    out.push_back({listener.fd.get(), listener.tls, options_.proxy_protocol});
  return out;
}

// "127.0.0.1:80", or "tls 127.0.0.1:443".
std::vector<std::string> EdgeProcess::addresses() const {
  std::vector<std::string> out;
  for (const Bound& listener : listeners_) out.push_back(listener.text());
  return out;
}

Result<void> EdgeProcess::open_listeners() {
  for (const std::string& wanted : options_.listen) TRY(open_listener(wanted, false));
  for (const std::string& wanted : options_.listen_tls) TRY(open_listener(wanted, true));
  return ok();
}

// Nothing when a predecessor gave a socket for this address.
Result<void> EdgeProcess::open_listener(const std::string& wanted, bool tls) {
  const io::HostPort at = TRY(io::parse_host_port(wanted));
  for (const Bound& listener : listeners_) {
    auto have = io::parse_host_port(listener.address);
    if (listener.tls == tls && have && have->host == at.host &&
        (have->port == at.port || at.port == 0))
      return ok();
  }
  io::Fd fd = TRY(io::listen_tcp(at, kBacklog));
  const int port = io::local_port(fd.get());
  const std::string host = at.host.find(':') != std::string::npos ? "[" + at.host + "]" : at.host;
  listeners_.push_back({fmt::format("{}:{}", host, port), tls, std::move(fd)});
  return ok();
}

Result<Table> EdgeProcess::load_table() {
  TableFile::Loaded loaded = TRY(TableFile(options_.state).load());
  if (!loaded.warning.empty()) say("WARNING: " + loaded.warning);
  return std::move(loaded.table);
}

// Only a socket that nobody answers on may be replaced: another process that listens there, or a
// file of somebody else's, is not ours to take away.
Result<void> EdgeProcess::check_places() const {
  for (const std::string& path : {control_socket_path(options_.state), handover_path()}) {
    struct stat facts {};
    if (::lstat(path.c_str(), &facts) != 0) continue;
    if (!S_ISSOCK(facts.st_mode))
      return Error(Code::AlreadyExists, path + " is there and not a socket",
                   "move that file away, or choose another folder with --state");
    const auto answers = io::connect_unix(path, kPatience);
    if (!answers) continue;
    const auto peer = io::peer_of(answers->get());
    const std::string who = peer && peer->pid > 0 ? fmt::format("process {}", peer->pid)
                                                  : std::string("another process");
    return Error(Code::DaemonForeign, fmt::format("{} answers on {}", who, path),
                 "stop it, or choose another folder with --state");
  }
  return ok();
}

// The socket appears under its name only when it is ready, and takes the place of what was there:
// a predecessor's, or what check_places() let pass.
Result<io::Fd> EdgeProcess::listen_in_place(const std::string& path) {
  const std::string staged = path + "." + io::random_hex(4);
  io::Fd fd = TRY(io::listen_unix(staged));
  if (::rename(staged.c_str(), path.c_str()) == 0) return fd;
  Error error = from_errno(errno, "cannot put the control socket at " + path);
  ::unlink(staged.c_str());
  return error;
}

Result<void> EdgeProcess::open_control_sockets() {
  http::ServerLimits limits;
  limits.body_bytes = kMostBody;
  server_ = std::make_unique<http::Server>(
      *loop_,
      [this](const http::Request& request, std::shared_ptr<http::Responder> responder) {
        control_->answer(request, responder);
      },
      limits);
  io::Fd control = TRY(listen_in_place(control_socket_path(options_.state)));
  TRY(server_->serve(std::move(control)));
  knocks_ = TRY(listen_in_place(handover_path()));
  return loop_->add(knocks_.get(), EPOLLIN, io::Trigger::Level,
                    [this](std::uint32_t) { on_successor_knocks(); });
}

Result<void> EdgeProcess::start() {
  TRY(make_folder(options_.state, 0700, "choose another with --state DIR or SLIPWAY_STATE"));
  TRY(make_folder(options_.acme_webroot, 0755, "choose another with --acme-webroot DIR"));
  loop_ = TRY(io::EventLoop::make());
  signals_ = TRY(io::SignalSource::make(*loop_, {SIGTERM, SIGINT, SIGHUP},
                                        [this](int signal) { on_signal(signal); }));
  Table table;
  const bool taken_over = TRY(ask_predecessor(table));
  if (!taken_over && options_.take_over)
    return Error(Code::EdgeUnreachable,
                 "there is no running edge in " + options_.state + " to take over from",
                 "start without --take-over, or name the folder of the running one with --state");
  if (!taken_over) {
    TRY(check_places());
    table = TRY(load_table());
  }
  TRY(open_listeners());
  TRY(become_user());
  // As the user it will be, so that rotating and opening it again work as this did.
  access_log_ = TRY(AccessLog::open(options_.access_log, options_.state, options_.workers));
  engine_ = std::make_unique<Engine>(
      EngineOptions{options_.workers, options_.limits, access_log_.get()}, listen_sockets());
  make_certificates();
  tables_ = std::make_unique<Tables>(*engine_, *certificates_, TableFile(options_.state),
                                     std::move(table));
  for (const auto& [files, entry] : certificates_->entries()) {
    if (!entry.problem.empty()) say("WARNING: " + entry.problem);
  }
  ControlFacts facts;
  facts.version = options_.version;
  facts.listen = addresses();
  facts.workers = options_.workers;
  control_ =
      std::make_unique<Control>(*loop_, *engine_, *tables_, *certificates_, std::move(facts));
  control_->set_access_log(access_log_.get());
  if (taken_over) take_predecessor_line(predecessor_news_);
  engine_->accept();
  TRY(open_control_sockets());
  if (taken_over) TRY(tell_predecessor_serving());
  for (const std::string& address : addresses()) say("listening on " + address);
  say(fmt::format("ready: {} workers, generation {}{}", options_.workers,
                  tables_->current().generation,
                  taken_over ? ", taken over from a running edge" : ""));
  return ok();
}

Result<void> EdgeProcess::run() {
  TRY(start());
  while (!leaving_) {
    loop_->poll_once(Millis(1'000));
    tell_log_trouble();
  }
  if (handed_over_) {
    const std::uint64_t idle_until =
        now_ms() + static_cast<std::uint64_t>(options_.goodbye.count());
    wait_until_done(true, idle_until,
                    idle_until + static_cast<std::uint64_t>(options_.stop_time.count()));
    report_to_successor(true);
    say("the last connection has ended; the newer edge serves alone");
    return ok();
  }
  server_->stop_listening();
  engine_->stop_accepting();
  listeners_.clear();  // whoever comes now is refused and does not wait for nothing
  engine_->say_goodbye();
  wait_until_done(false, 0, now_ms() + static_cast<std::uint64_t>(options_.stop_time.count()));
  say("stopped");
  return ok();
}

// Until nobody is connected. Idle connections may wait for one more request until `idle_until_ms`.
void EdgeProcess::wait_until_done(bool may_idle, std::uint64_t idle_until_ms,
                                  std::uint64_t until_ms) {
  std::uint64_t report_due = 0;
  while (engine_->clients() > 0 && now_ms() < until_ms) {
    if (!may_idle || now_ms() >= idle_until_ms) engine_->close_idle_clients();
    if (handed_over_ && now_ms() >= report_due) {
      report_due = now_ms() + static_cast<std::uint64_t>(kPoll.count());
      report_to_successor(false);
    }
    loop_->poll_once(kPoll);
  }
}

void EdgeProcess::make_certificates() {
  CertificateSettings settings;
  settings.http2 = options_.limits.http2;
  settings.ticket_turn = options_.ticket_turn;
  settings.publish = [this](const std::shared_ptr<const TlsTerms>& terms) {
    engine_->use_tls(terms);
  };
  certificates_ = std::make_unique<Certificates>(std::move(settings));
  turn_tickets();
}

void EdgeProcess::turn_tickets() {
  certificates_->turn_tickets();
  loop_->after(std::min(kTicketLook, options_.ticket_turn), [this] { turn_tickets(); });
}

void EdgeProcess::reload_certificates() {
  const Certificates::Reloaded done = certificates_->reload();
  for (const std::string& problem : done.problems) say("WARNING: " + problem);
  say(fmt::format("certificates read again: {} changed, {} as before, {} refused",
                  done.changed.size(), done.unchanged, done.problems.size()));
}

void EdgeProcess::reopen_log() {
  if (access_log_ == nullptr) return;
  const auto reopened = access_log_->reopen();
  say(reopened ? "the access log is opened again" : reopened.error().sentence());
}

void EdgeProcess::on_signal(int signal) {
  if (signal == SIGHUP) {
    reload_certificates();
    return reopen_log();
  }
  if (!leaving_) say("stopping: no new connections, running requests may finish");
  leaving_ = true;
}

// Once when it begins, not with every batch that is lost.
void EdgeProcess::tell_log_trouble() {
  if (access_log_ == nullptr) return;
  std::string trouble = access_log_->counts().trouble;
  if (trouble == log_trouble_) return;
  log_trouble_ = std::move(trouble);
  if (!log_trouble_.empty()) say("WARNING: lines of the access log are lost: " + log_trouble_);
}

int edge_main(const EdgeOptions& options) {
  io::ignore_sigpipe();
  keep_record_buffers();
  EdgeProcess process(options);
  const Result<void> done = process.run();
  if (done) return 0;
  if (options.say) {
    options.say(done.error().sentence());
  } else {
    std::fprintf(stderr, "slipway edge: %s\n", done.error().sentence().c_str());
  }
  return facts_of(done.error().code).exit_code;
}

}  // namespace slipway::edge

// Taking over from a running edge. Its listening sockets come as descriptors, so a connection that
// waits in their queues is never refused; its table comes as it is now; its counters go on.
#include <fmt/format.h>
#include <sys/epoll.h>

#include "edge/process.h"
#include "http/client.h"
#include "io/files.h"
#include "io/socket.h"

namespace slipway::edge {
namespace {

constexpr Millis kPatience{5'000};
constexpr Millis kInstallTime{2'000};

std::vector<DrainEntry> entries_of(const Json& list) {
  std::vector<DrainEntry> entries;
  for (const Json& json : list.items())
    entries.push_back({json.text("app"), json.text("environment"), json.text("service"),
                       json.text("release"), json.text("address"), json.integer("in_flight"), -1});
  return entries;
}

}  // namespace

// True when a running edge gave everything; `table` is then its table.
Result<bool> EdgeProcess::ask_predecessor(Table& table) {
  const std::string control = control_socket_path(options_.state);
  if (!io::exists(control)) return false;
  const auto connected = io::connect_unix(control, kPatience);
  if (!connected && connected.error().code == Code::NotWritable) {
    Error error = connected.error().in("an edge may be running, and it can not be asked");
    error.next = "start as the user that it runs as, or as root";
    return error;
  }
  if (!connected) return false;  // a socket file that a dead edge left
  http::Call hello;
  hello.target = "/v1/edge";
  hello.timeout = kPatience;
  const auto answer = http::Client::on_unix(control).request(hello);
  const auto facts = answer ? Json::parse(answer->body) : Result<Json>(answer.error());
  auto knock = io::connect_unix(handover_path(), kPatience);
  if (!facts || facts->text("slipway") != "edge" || !knock)
    return Error(Code::DaemonForeign, "something that is not a slipway edge answers on " + control,
                 "stop it, or choose another folder with --state");
  predecessor_.emplace(std::move(knock).value());
  Json please = Json::object();
  TRY(predecessor_->send(please.set("take_over", 1)));
  io::ReceivedFds got = TRY(io::recv_fds(predecessor_->fd()));
  predecessor_news_ = TRY(predecessor_->wait(kPatience));
  const std::vector<std::string> names = predecessor_news_.strings("listen");
  if (names.size() != got.fds.size())
    return Error(Code::Malformed,
                 fmt::format("the running edge sent {} sockets for {} addresses", got.fds.size(),
                             names.size()),
                 "stop it and start this one");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool tls = names[i].starts_with("tls ");
    listeners_.push_back({tls ? names[i].substr(4) : names[i], tls, std::move(got.fds[i])});
  }
  table = TRY(table_from_json(predecessor_news_.at("table")));
  return true;
}

Result<void> EdgeProcess::tell_predecessor_serving() {
  Json serving = Json::object();
  TRY(predecessor_->send(serving.set("serving", true)));
  tables_->on_change([this](const Table& table) { tell_predecessor_table(table); });
  control_->cut_predecessor_with(
      [this](const std::string& app, const std::string& environment, const std::string& release) {
        return cut_at_predecessor(app, environment, release);
      });
  return loop_->add(predecessor_->fd(), EPOLLIN, io::Trigger::Level,
                    [this](std::uint32_t) { on_predecessor(); });
}

void EdgeProcess::take_predecessor_line(const Json& line) {
  if (const Json* keys = line.find("ticket_keys")) {
    if (auto tickets = TicketKeys::from_json(*keys)) certificates_->adopt(*std::move(tickets));
  }
  if (line.find("installed") != nullptr)
    predecessor_installed_ = static_cast<std::uint64_t>(line.integer("installed"));
  if (line.find("cut") != nullptr) predecessor_cut_ = static_cast<std::size_t>(line.integer("cut"));
  if (line.find("stats") == nullptr) return;
  Control::Predecessor news;
  news.alive = !line.flag("done");
  news.stats = stats_from_json(line.at("stats")).value_or(Stats());
  if (news.alive) news.in_flight = entries_of(line.at("in_flight"));
  control_->set_predecessor(std::move(news));
}

void EdgeProcess::on_predecessor() {
  if (!predecessor_) return;
  std::vector<Json> lines;
  const bool alive = predecessor_->receive(lines);
  for (const Json& line : lines) take_predecessor_line(line);
  if (alive) return;
  loop_->remove(predecessor_->fd());
  predecessor_.reset();
  Control::Predecessor ended = control_->predecessor();
  ended.alive = false;
  ended.in_flight.clear();
  for (ReleaseStats& entry : ended.stats) entry.in_flight = 0;
  control_->set_predecessor(std::move(ended));
}

// The connections that are still the older process's are routed by the newest table too: otherwise
// they would reach a release that is about to be stopped.
void EdgeProcess::tell_predecessor_table(const Table& table) {
  if (!predecessor_) return;
  Json line = Json::object();
  line.set("install", to_json(table));
  if (!predecessor_->send(line)) return;
  while (predecessor_ && predecessor_installed_ < table.generation) {
    auto answer = predecessor_->wait(kInstallTime);
    if (!answer) {
      say("the older edge process did not take the new table: " + answer.error().what);
      return on_predecessor();
    }
    take_predecessor_line(*answer);
  }
}

// What a process that is being replaced still holds is ended there: only it has the connections.
std::size_t EdgeProcess::cut_at_predecessor(const std::string& app, const std::string& environment,
                                            const std::string& release) {
  if (!predecessor_) return 0;
  Json what = Json::object();
  what.set("app", app).set("environment", environment).set("release", release);
  Json line = Json::object();
  line.set("cut", what);
  predecessor_cut_.reset();
  if (!predecessor_->send(line)) return 0;
  while (predecessor_ && !predecessor_cut_) {
    auto answer = predecessor_->wait(kInstallTime);
    if (!answer) {
      say("the older edge process did not end its requests: " + answer.error().what);
      on_predecessor();
      return 0;
    }
    take_predecessor_line(*answer);
  }
  return predecessor_cut_.value_or(0);
}

}  // namespace slipway::edge

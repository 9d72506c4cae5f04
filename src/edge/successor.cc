// Handing over to a newer edge: give it everything, wait until it serves, then only finish what is
// open.
#include <sys/epoll.h>
#include <sys/socket.h>

#include "edge/process.h"
#include "io/socket.h"

namespace slipway::edge {

void EdgeProcess::on_successor_knocks() {
  io::Fd fd(accept4(knocks_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd || successor_ || leaving_) return;  // one at a time
  successor_.emplace(std::move(fd));
  const auto watched = loop_->add(successor_->fd(), EPOLLIN, io::Trigger::Level,
                                  [this](std::uint32_t) { on_successor(); });
  if (!watched) successor_.reset();
}

void EdgeProcess::on_successor() {
  std::vector<Json> lines;
  const bool alive = successor_->receive(lines);
  for (const Json& line : lines) {
    if (line.find("take_over") != nullptr && !handed_over_) offer_everything();
    if (line.flag("serving") && !handed_over_) leave_to_successor();
    if (const Json* cut = line.find("cut"); cut != nullptr && handed_over_) {
      const std::size_t count =
          engine_->cut(cut->text("app"), cut->text("environment"), cut->text("release"));
      Json answer = Json::object();
      if (!successor_->send(answer.set("cut", static_cast<std::uint64_t>(count)))) break;
    }
    const Json* table = line.find("install");
    if (table == nullptr || !handed_over_) continue;
    if (auto read = table_from_json(*table)) tables_->follow(std::move(read).value());
    Json answer = Json::object();
    if (!successor_->send(answer.set("installed", tables_->current().generation))) break;
  }
  if (!alive) forget_successor();
}

// Nothing changes for this process yet: should the newer one fail to start, this one just goes on.
void EdgeProcess::offer_everything() {
  tables_->freeze(true);
  Json news = Json::object();
  news.set("listen", Json::array_of(addresses())).set("table", to_json(tables_->current()));
  news.set("stats", to_json(control_->stats()));
  news.set("ticket_keys", certificates_->tickets().to_json());
  if (!io::send_fds(successor_->fd(), listener_fds(), "fds") || !successor_->send(news))
    forget_successor();
}

void EdgeProcess::leave_to_successor() {
  handed_over_ = true;
  engine_->stop_accepting();
  engine_->say_goodbye();
  listeners_.clear();
  loop_->remove(knocks_.get());
  knocks_.reset();
  server_.reset();  // who streamed counters here finds the newer process under the same name
  leaving_ = true;
  say("a newer edge serves; finishing what is open here");
}

void EdgeProcess::report_to_successor(bool done) {
  engine_->tick();
  if (!successor_) return;
  Json in_flight = Json::array();
  for (const DrainEntry& entry : engine_->in_flight()) {
    Json json = Json::object();
    json.set("app", entry.app).set("environment", entry.environment).set("service", entry.service);
    json.set("release", entry.release).set("address", entry.address);
    in_flight.push_back(json.set("in_flight", entry.in_flight));
  }
  Json news = Json::object();
  news.set("stats", to_json(control_->stats())).set("in_flight", in_flight).set("done", done);
  if (!successor_->send(news)) forget_successor();
}

void EdgeProcess::forget_successor() {
  if (!successor_) return;
  loop_->remove(successor_->fd());
  successor_.reset();
  if (!handed_over_) tables_->freeze(false);
}

}  // namespace slipway::edge

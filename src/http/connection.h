#pragma once
// One client of a Server: reads requests, hands each to the server's callback, writes what its
// Responder says. One request at a time; pipelined ones wait in the buffer.
#include <memory>
#include <string>

#include "http/parser.h"
#include "http/server.h"
#include "io/event_loop.h"

namespace slipway::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Server& server, io::Fd fd);
  ~Connection();

  Result<void> start();
  void close();  // at once; a waiting Responder hears of it

  // What Responder passes on.
  void answer(int status, std::string_view body, std::string_view content_type,
              const Fields& fields);
  void begin_stream(int status, std::string_view content_type, const Fields& fields);
  bool stream_bytes(std::string_view bytes);
  void end_stream();
  void set_on_closed(std::function<void()> callback);
  bool is_open() const { return server_ != nullptr; }

 private:
  enum class State { Head, Body, Answering, Lingering };
  enum class Step { Again, Wait };

  void on_ready(std::uint32_t events);
  void receive();
  void advance();  // works through what is in in_
  Step take_head();
  Step take_body();
  void take_request(const RequestHead& head);
  void hand_over();
  void refuse(int status, std::string_view why);
  void finish_answer();
  void queue_head(int status, std::string_view content_type, const Fields& fields,
                  std::string_view framing);
  void flush();
  void linger();
  void watch_events();
  void set_deadline(Millis delay);  // 0: none
  void on_deadline();
  std::size_t waiting() const { return out_.size() - out_sent_; }

  Server* server_;  // nullptr once closed
  io::Fd fd_;
  State state_ = State::Head;
  bool advancing_ = false;
  bool keep_alive_ = true;
  bool chunked_ = false;  // the stream being written
  std::uint32_t events_ = 0;
  io::EventLoop::TimerId timer_ = 0;
  std::string in_;
  std::string out_;
  std::size_t out_sent_ = 0;
  std::size_t lingered_ = 0;
  Request request_;
  int minor_ = 1;
  BodyFraming framing_;
  ChunkedDecoder decoder_;
  std::optional<io::PeerCredentials> peer_;
  std::string remote_;
  std::function<void()> on_closed_;
};

}  // namespace slipway::http

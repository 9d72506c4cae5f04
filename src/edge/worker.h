#pragma once
// One worker: one thread, one epoll, its own clients and its own upstream connections. A request is
// read, routed, sent on and answered here without a lock; other threads reach a worker only by
// post().
//
// Where to read on: worker.cc (the loop, accepting, tables), transport.cc (bytes from and to a
// client), client.cc (reading requests, routing, holding, closing), forward.cc (attempts and their
// failure), admission.cc, arrival.cc and body_limits.cc (limits), choose.cc (release) and pick.cc
// (target), elsewhere.cc (another one), counting.cc, mirror.cc (copies), request_body.cc,
// response.cc, tunnel.cc, streams.cc (HTTP/2), answer.cc (what the edge says itself), record.cc
// (what the access log is told).
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "edge/connection.h"
#include "edge/gate.h"
#include "edge/log_ring.h"
#include "edge/pieces.h"
#include "edge/rewrite.h"
#include "edge/routes.h"
#include "edge/tls_terms.h"
#include "edge/wheel.h"
#include "edge/worker_limits.h"
#include "io/clock.h"

namespace slipway::edge {

struct TlsCounts {
  std::uint64_t handshakes = 0;
  std::uint64_t resumed = 0;  // of those
  std::uint64_t failed = 0;   // begun and not finished: refused, broken off, or too slow
};
struct MirrorCopy;

// Responses over TLS tell clients to come that way always, when the service wants it.
void add_hsts(const Client& client, const RouteService* service, LocalAnswer& answer);

class Worker {
 public:
  // The descriptors stay the caller's; the gate is shared by all workers.
  Worker(unsigned index, const WorkerLimits& limits, const std::vector<ListenSocket>& listen,
         Gate& gate);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void log_to(LogRing* ring, bool with_query);  // before start(); without it nothing is logged
  void start();
  void join();
  // Runs `task` on the worker's thread, after the events at hand. From any thread.
  void post(std::function<void()> task);

  // The rest is for tasks on the worker's thread.
  void install(std::shared_ptr<const Routes> routes);
  void use_tls(std::shared_ptr<const TlsTerms> terms);  // for handshakes that begin from now on
  void accept();                                        // begins to take connections
  void stop_accepting();
  // Answers what comes on open connections, each time with "Connection: close".
  void say_goodbye();
  void close_idle_clients();
  // Ends every request at these targets: 504 when nothing was answered, else cut. How many.
  std::size_t cut(const std::vector<const TargetRuntime*>& targets);
  void stop();  // closes everything and ends the thread

  std::size_t clients() const { return client_count_.load(std::memory_order_relaxed); }
  std::size_t busy_clients() const { return busy_count_.load(std::memory_order_relaxed); }
  TlsCounts tls_counts() const;

 private:
  friend class Http2Connection;
  static constexpr std::size_t kScratch = 80 * 1024;

  // worker.cc
  void run();
  int round_timeout();
  void on_timer();
  void dispatch(Socket& socket, std::uint32_t events);
  void run_posted();
  void run_again();
  void due(Socket& socket);
  void watch_listeners();
  void accept_from(Listener& listener);
  void welcome(int fd, const Address& peer, const Listener& listener);
  bool watch(Socket& socket);
  void bury(std::unique_ptr<Socket> socket);
  void bury_client(Client& client);
  void bury_upstream(Upstream& upstream);
  void read_clocks();
  void set_deadline(Client& client, Millis from_now);
  std::uint64_t next_request_id();

  // arrival.cc
  bool has_room_for(Client& client);
  void leave_room(Client& client);
  bool take_proxy_header(Client& client);

  // client.cc
  void on_client(Client& client);
  void on_busy_client(Client& client);
  void read_requests(Client& client);
  bool read_some(Client& client);
  void use_bytes(Client& client, std::string_view bytes, bool own);
  void begin_request(Client& client, const http::RequestHead& head, std::string_view bytes,
                     bool own);
  void keep_rest(Client& client, std::string_view bytes, std::size_t used, bool own);
  void hold(Client& client, const http::RequestHead& head, const RouteService& service,
            std::string_view bytes, bool own);
  void leave_hold(Client& client);
  void retry_held();
  void after_answer(Client& client);
  void linger(Client& client);
  void drop_lingering(Client& client);
  void close_client(Client& client);

  // transport.cc: the client's bytes, whatever they travel in
  enum class Got : std::uint8_t { Bytes, Later, Ended };
  struct Received {
    Got got = Got::Later;
    std::size_t size = 0;
  };
  Received receive(Client& client, char* to, std::size_t most);
  bool send_client(Client& client, Pieces& pieces);  // false: the connection is broken
  bool flush_client(Client& client);
  void end_sending(Client& client);
  void reset_when_closed(Client& client);
  Received receive_secure(Client& client, char* to, std::size_t most);
  bool send_records(Client& client);
  void note_handshake(const Client& client);
  void leave_tls(Client& client);

  // streams.cc: HTTP/2
  bool starts_http2(const Client& client, std::string_view bytes) const;
  void begin_http2(Client& client, std::string_view bytes);
  void on_http2(Client& client);
  bool feed_http2(Client& client, std::string_view bytes);
  void flush_http2(Client& client);
  void flush_streams();
  void set_http2_deadline(Client& client);
  void http2_due(Client& client);
  void leave_http2(Client& client);
  void close_streams(Client& client);
  void touch(Client& connection);
  void on_stream(Stream& stream);
  void begin_stream(Stream& stream, std::string head);
  void stream_closed(Stream& stream);
  Received receive_body(Stream& stream, char* to, std::size_t most);
  bool give_stream(Stream& stream, std::string_view head, std::string_view content, bool last);

  // forward.cc
  Exchange& take_exchange(Client& client);
  void recycle(Exchange& exchange);
  void forward(Client& client, const http::RequestHead& head, const Match& match,
               std::string_view bytes, bool own);
  void attempt(Exchange& exchange);
  Upstream* take_pooled(const Exchange& exchange);
  Upstream* connect(const TargetRuntime& target);
  void attach(Exchange& exchange, Upstream& upstream);
  void detach(Exchange& exchange, bool reusable);
  void release_target(Exchange& exchange);
  void put_in_pool(Upstream& upstream);
  void drop_from_pool(Upstream& upstream);
  void on_upstream(Upstream& upstream, std::uint32_t events);
  void fail(Exchange& exchange, Failure why);
  void give_up(Exchange& exchange, Failure why);
  void abort_exchange(Exchange& exchange);
  void set_exchange_deadline(Exchange& exchange);
  void exchange_due(Exchange& exchange);

  // counting.cc
  void count(Exchange& exchange, int status);
  void count_apart(Exchange& exchange, int status);
  void count_failure(Exchange& exchange);
  void charge(Exchange& exchange);
  void count_mirrored(const TargetRuntime& target, int status, std::uint64_t began_us);
  ReleaseCounters& counters_of(const TargetRuntime& target);
  std::uint32_t now_s() const { return static_cast<std::uint32_t>(now_ms_ / 1000); }

  // elsewhere.cc
  void hear(Exchange& exchange, int status);
  void hear(Exchange& exchange, Failure why);
  RetryBudget& budget_of(const Exchange& exchange) const;
  bool goes_on(Exchange& exchange, Failure why, int status);
  bool retry(Exchange& exchange, int status, bool reusable);
  bool move_elsewhere(Exchange& exchange, int status, bool reusable);
  bool ask_next_release(Exchange& exchange, bool reusable);
  void end_bridge(Exchange& exchange);
  bool turns_elsewhere(Exchange& exchange, const http::ResponseHead& head, std::size_t rest);

  // mirror.cc
  void begin_mirror(const Exchange& exchange);
  void on_mirror(MirrorCopy& copy, std::uint32_t events);
  bool take_mirrored(MirrorCopy& copy, std::string_view bytes);
  void end_mirror(MirrorCopy& copy, int failure);
  void end_mirrors(const Routes* except);

  // admission.cc
  bool refuses(Client& client, const http::RequestHead& head, const Match& match,
               LocalAnswer& answer);
  void let_go(Exchange& exchange);
  void dress(const RouteService* service, LocalAnswer& answer) const;
  std::uint64_t limited_name(const Address& from, const http::RequestHead& head,
                             const RouteService& service, std::uint64_t rule) const;
  bool takes_place(const Address& from, const http::RequestHead& head, const RouteService& service,
                   const LimitRule& rule, LocalAnswer& answer);
  void leave_places(Places& places);

  // body_limits.cc
  bool request_too_large(const Exchange& exchange) const;
  void refuse_request_body(Exchange& exchange);
  bool refuses_response(Exchange& exchange, const http::ResponseHead& head);
  bool response_too_large(Exchange& exchange, std::size_t more);
  bool gathers(const Exchange& exchange) const;
  void begin_gathering(Exchange& exchange, bool expects_continue);
  bool say_continue(Client& client);
  void gather(Exchange& exchange);
  void await_body(Exchange& exchange);
  void body_is_late(Exchange& exchange);
  void await_reader(Exchange& exchange);
  bool reader_keeps_up(Exchange& exchange);

  // choose.cc
  void set_course(Exchange& exchange, const http::RequestHead& head, const Match& match);
  void mark_answer(const Exchange& exchange, const http::ResponseHead& head,
                   ResponseRewrite& rewrite);
  bool choose_first(Exchange& exchange);
  bool choose_other(Exchange& exchange);
  void nobody_chosen(Exchange& exchange);
  const RoutePool* choose_pool(const Exchange& exchange) const;
  TargetRuntime* next_target(const Exchange& exchange, const RoutePool& pool);

  // pick.cc: one target out of a pool
  struct Range {
    std::size_t from;
    std::size_t size;
  };
  bool is_free(const Exchange& exchange, const TargetRuntime& target) const;
  TargetRuntime* known_target(const Exchange& exchange, const RoutePool& pool) const;
  TargetRuntime* pick_well(const Exchange& exchange, const RoutePool& pool, Range range);
  TargetRuntime* pick_in_turn(const Exchange& exchange, const RoutePool& pool, Range range);
  TargetRuntime* pick_lightest(const Exchange& exchange, const RoutePool& pool, Range range);
  TargetRuntime* pick_of_two(const Exchange& exchange, const RoutePool& pool, Range range);
  TargetRuntime* pick_any(const Exchange& exchange, const RoutePool& pool, Range range) const;

  // request_body.cc
  std::size_t take_request_body(Exchange& exchange, std::string_view bytes);
  bool send_request(Exchange& exchange);
  bool pump_request(Exchange& exchange);
  bool give_upstream(Exchange& exchange, std::size_t size);
  bool end_upload(Exchange& exchange);
  bool frame_request(Exchange& exchange, std::size_t size, Pieces& pieces);
  bool upload_broken(Exchange& exchange);

  // response.cc
  bool may_read_on(const Exchange& exchange) const;
  bool pump_response(Exchange& exchange);
  bool on_response_bytes(Exchange& exchange, char* bytes, std::size_t size);
  bool pass_interim(Exchange& exchange, const http::ResponseHead& head);
  bool on_response_head(Exchange& exchange, const http::ResponseHead& head, char* rest,
                        std::size_t size);
  bool relay_response(Exchange& exchange, std::string_view head, char* bytes, std::size_t size);
  bool give_client(Exchange& exchange, std::string_view head, std::string_view content, bool last);
  bool on_upstream_end(Exchange& exchange, bool broken);
  void finish_response(Exchange& exchange, bool extra_bytes);
  void finish_exchange(Exchange& exchange);

  // compression.cc
  void note_accepted_coding(Exchange& exchange, const http::RequestHead& head);
  bool take_encoder(Exchange& exchange, Coding coding);
  void end_encoding(Exchange& exchange);
  bool encode_whole(Exchange& exchange, std::string_view content);
  const http::ResponseHead& begin_encoding(Exchange& exchange, const http::ResponseHead& head,
                                           std::string_view rest);
  bool give_content(Exchange& exchange, std::string_view head, std::string_view content, bool last);

  // tunnel.cc
  bool begin_tunnel(Exchange& exchange, const http::ResponseHead& head, std::string_view rest);
  void pump_tunnel(Exchange& exchange);
  bool pump_to_client(Exchange& exchange);
  bool pump_to_upstream(Exchange& exchange);
  void end_tunnel(Exchange& exchange);
  void end_tunnel_politely(Exchange& exchange);

  // answer.cc
  bool settles_locally(const Client& client, const http::RequestHead& head, const Match& match,
                       LocalAnswer& answer) const;
  void answer(Client& client, const LocalAnswer& answer, bool is_head, bool keep_alive);
  void answer_exchange(Exchange& exchange, int status, std::string_view text);
  void refresh_date();
  void send_answer(Client& client, const LocalAnswer& answer, bool is_head, bool keep_alive);

  // record.cc: what the access log is told
  void note_exchange(Exchange& exchange, const http::RequestHead& head);
  void note_local(const Client& client, const http::RequestHead& head, const RouteService* service);
  void note_held(const Client& client);
  void log_exchange(const Exchange& exchange);
  void log_answer(const Client& client, int status, LogEnd end, std::uint64_t bytes_out);
  void log_held_client_gone(const Client& client);
  void put_record(LogEntry& entry, const Client& client, const Address& behind_proxy);

  struct TlsCounters {
    std::atomic<std::uint64_t> handshakes{0};
    std::atomic<std::uint64_t> resumed{0};
    std::atomic<std::uint64_t> failed{0};
  };

  const unsigned index_;
  const WorkerLimits limits_;
  Gate& gate_;
  Places places_;  // of the request being admitted, until its exchange has them
  io::Fd epoll_;
  Socket wake_{Socket::Kind::Wake};
  Socket timer_{Socket::Kind::Timer};
  std::uint64_t armed_ms_ = 0;  // when the timer fires; 0: it is not set
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::thread thread_;
  bool running_ = true;
  bool accepting_ = false;
  bool goodbye_ = false;

  std::mutex posted_lock_;
  std::vector<std::function<void()>> posted_;

  std::shared_ptr<const Routes> routes_;
  std::shared_ptr<const TlsTerms> tls_terms_;
  TlsBuffers tls_buffers_;
  TlsCounters tls_counters_;
  Wheel wheel_;
  std::uint64_t now_ms_ = 0;
  std::uint64_t wall_offset_ms_ = 0;  // wall clock less now_ms_
  std::uint64_t clocks_due_ms_ = 0;
  std::uint64_t random_state_[2] = {};
  std::string date_;
  io::SystemClock clock_;
  Deadline accept_again_;

  Client client_list_;  // heads of rings
  Exchange exchange_list_;
  std::vector<std::unique_ptr<Exchange>> spare_exchanges_;
  std::unordered_map<const TargetRuntime*, std::vector<Upstream*>> pools_;
  std::vector<std::unique_ptr<Socket>> graveyard_;
  std::vector<MirrorCopy*> mirrors_;
  std::vector<Socket*> again_;    // stopped for fairness with bytes left to read
  std::vector<Client*> touched_;  // HTTP/2 connections with frames to send
  std::string frames_out_;
  std::atomic<std::size_t> client_count_{0};
  std::atomic<std::size_t> busy_count_{0};

  std::vector<std::unique_ptr<Compressor>> spare_encoders_;
  std::size_t encoders_at_work_ = 0;
  std::string encoded_;
  std::string encoded_lines_;
  http::ResponseHead encoded_head_;

  LogRing* log_ = nullptr;
  bool log_query_ = true;
  // Of the request that the edge is about to answer by itself.
  RequestNote local_note_;
  Address local_behind_proxy_;
  const RouteService* local_service_ = nullptr;
  std::uint64_t local_waited_us_ = 0;

  std::unique_ptr<char[]> scratch_;
  std::string head_out_;
  std::string cookies_out_;
  http::RequestHead request_head_;  // parsed into, so that 2.4 KiB are not copied about
  http::ResponseHead response_head_;
};

}  // namespace slipway::edge

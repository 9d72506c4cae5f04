#pragma once
// One connection to PostgreSQL (13 or newer), blocking: whoever uses it runs in a process or thread
// of its own, never on the daemon's event loop. Not thread-safe, except Canceller.
// libpq is loaded with the first connection, so that no other command begins later for it.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

struct pg_conn;
struct pg_result;

namespace slipway::database::postgres {

// A statement's answer; values are text as the server writes them. Owns its memory: views live as
// long as it does.
class Rows {
 public:
  explicit Rows(pg_result* result);
  int count() const;
  int columns() const;
  bool is_null(int row, int column) const;
  std::string_view text(int row, int column) const;  // "" when null
  std::int64_t integer(int row, int column) const;   // 0 when null; the column is an integer type
  double real(int row, int column) const;
  bool is_true(int row, int column) const;
  std::string_view name(int column) const;
  std::int64_t changed() const;  // rows an INSERT, UPDATE, DELETE or MERGE touched

 private:
  struct Closer {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Closer> result_;
};

using Parameter = std::optional<std::string>;  // nullopt: NULL

// Asks the server to give up what the connection does; callable from any thread and from a signal's
// watcher, also after the connection is gone (then it does nothing).
class Canceller {
 public:
  explicit Canceller(pg_conn* connection);
  void cancel() const;

 private:
  std::shared_ptr<void> cancel_;
};

// What the server says beside its answers: NOTICE, WARNING.
using OnNotice = std::function<void(std::string_view severity, std::string_view message)>;

class Connection {
 public:
  // `url`: postgresql://… or libpq's key=value words. `application_name` is what pg_stat_activity
  // shows. DatabaseUnreachable when nobody answers within `timeout` (whole seconds, at least 2),
  // Unauthorized when the password or role is refused, NotFound when there is no such database;
  // no error ever contains the URL's password.
  static Result<std::unique_ptr<Connection>> open(const std::string& url,
                                                  const std::string& application_name,
                                                  Millis timeout = Millis(10'000));
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One statement with $1, $2 … (extended protocol).
  Result<Rows> query(const std::string& statement, const std::vector<Parameter>& parameters = {});
  // One or more statements without parameters (simple protocol): several in one text are one
  // implicit transaction. The last one's answer.
  Result<Rows> run(const std::string& statements);
  // The first column of the only row, as text; nullopt when there is no row or it is NULL.
  Result<Parameter> value(const std::string& statement,
                          const std::vector<Parameter>& parameters = {});

  // COPY … TO STDOUT: `sink` is called with every piece as it arrives (one row in text, any bytes
  // in binary); an Error from it ends the copy and comes back.
  Result<std::int64_t> copy_out(const std::string& statement,
                                const std::function<Result<void>(std::string_view)>& sink);
  // COPY … FROM STDIN: begin, send as often as wanted, then end (the number of rows). `abandon`
  // lets the server roll the copy back with `why` in its error.
  Result<void> begin_copy_in(const std::string& statement);
  Result<void> send(std::string_view bytes);
  Result<std::int64_t> end_copy_in();
  void abandon_copy_in(const std::string& why);

  // From here on no error repeats what stands in a row: neither the server's DETAIL and HINT, nor
  // what it says of a value that it cannot read or that a function of the database complains of.
  void hide_values() { hides_values_ = true; }

  // SQLSTATE of the last failure ("55P03"), "" when it had none (the connection broke).
  const std::string& sqlstate() const { return sqlstate_; }
  // Where in the statement the last failure lies, in characters from 1; 0 when it was not said.
  int position() const { return position_; }
  bool is_alive() const;  // as far as libpq knows, without asking the server
  bool is_in_transaction() const;
  int backend_pid() const;
  int server_version() const;  // 150020
  Canceller canceller() const { return Canceller(connection_); }
  void on_notice(OnNotice hear) { on_notice_ = std::move(hear); }

  std::string quote_name(std::string_view name) const;  // "My Table"
  std::string quote_text(std::string_view text) const;  // 'it''s', E'\\'

  // SQLSTATEs that decide what happens next; the rest is told to a person.
  static constexpr std::string_view kLockNotAvailable = "55P03";
  static constexpr std::string_view kDeadlock = "40P01";
  static constexpr std::string_view kSerialization = "40001";
  static constexpr std::string_view kCancelled = "57014";

 private:
  explicit Connection(pg_conn* connection) : connection_(connection) {}
  Result<Rows> take(pg_result* result, std::string_view statement);
  Error failure(const pg_result* result, std::string_view statement);
  Error failure_without_values(const pg_result* result, std::string_view statement) const;
  static void hear_notice(void* self, const pg_result* result);

  pg_conn* connection_;
  std::string sqlstate_;
  int position_ = 0;
  bool hides_values_ = false;
  OnNotice on_notice_;
};

}  // namespace slipway::database::postgres

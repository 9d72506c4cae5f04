#include "database/postgres/connection.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "database/postgres/libpq.h"
#include "database/postgres/url.h"

namespace slipway::database::postgres {
namespace {

std::string field(const PGresult* result, int code) {
  const char* text = result == nullptr ? nullptr : libpq().resultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

std::string one_line(std::string_view words) {
  std::string out(words.substr(0, words.find_last_not_of(" \r\n") + 1));
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

// The beginning of a statement, enough to know which one it was.
std::string beginning(std::string_view statement) {
  constexpr std::size_t kMost = 120;
  std::string out = one_line(statement.substr(0, kMost));
  return statement.size() > kMost ? out + " …" : out;
}

std::string taken(char* quoted) {
  std::string out = quoted == nullptr ? std::string() : std::string(quoted);
  libpq().freemem(quoted);
  return out;
}

Error unreachable(const std::string& url, const std::string& words) {
  const std::string where = without_password(url);
  if (words.find("authentication failed") != std::string::npos ||
      words.find("no password supplied") != std::string::npos ||
      words.find("no pg_hba.conf entry") != std::string::npos)
    return Error(Code::Unauthorized, "PostgreSQL refuses the login to " + where + ": " + words,
                 "correct the user, the password or pg_hba.conf");
  if (words.find("does not exist") != std::string::npos)
    return Error(Code::NotFound, "cannot open " + where + ": " + words,
                 "create it, or correct the name in the URL");
  return Error(Code::DatabaseUnreachable, "cannot reach " + where + ": " + words,
               "look whether PostgreSQL runs there and lets this machine in");
}

}  // namespace

void Rows::Closer::operator()(pg_result* result) const { libpq().clear(result); }
Rows::Rows(pg_result* result) : result_(result) {}
int Rows::count() const { return libpq().ntuples(result_.get()); }
int Rows::columns() const { return libpq().nfields(result_.get()); }
bool Rows::is_null(int row, int column) const {
  return libpq().getisnull(result_.get(), row, column) != 0;
}
std::string_view Rows::text(int row, int column) const {
  return {libpq().getvalue(result_.get(), row, column),
          static_cast<std::size_t>(libpq().getlength(result_.get(), row, column))};
}
std::int64_t Rows::integer(int row, int column) const {
  const auto digits = text(row, column);
  std::int64_t out = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}
double Rows::real(int row, int column) const {
  const auto digits = text(row, column);
  double out = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}
bool Rows::is_true(int row, int column) const { return text(row, column) == "t"; }
std::string_view Rows::name(int column) const { return libpq().fname(result_.get(), column); }
std::int64_t Rows::changed() const {
  const std::string_view digits = libpq().cmdTuples(result_.get());
  std::int64_t out = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

Canceller::Canceller(pg_conn* connection)
    : cancel_(libpq().getCancel(connection), [](void* cancel) {
        if (cancel != nullptr) libpq().freeCancel(static_cast<PGcancel*>(cancel));
      }) {}

void Canceller::cancel() const {
  if (!cancel_) return;
  std::array<char, 256> words{};
  // What comes too late finds nothing to cancel, which is as good.
  libpq().cancel(static_cast<PGcancel*>(cancel_.get()), words.data(),
                 static_cast<int>(words.size()));
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& url,
                                                     const std::string& application_name,
                                                     Millis timeout) {
  if (!libpq().trouble.empty())
    return Error(Code::NotFound, libpq().trouble, "install Debian's libpq5");
  const std::string seconds = std::to_string(std::max<std::int64_t>(2, timeout.count() / 1000));
  const std::array<const char*, 6> keys = {"dbname",          "application_name", "connect_timeout",
                                           "client_encoding", "keepalives_idle",  nullptr};
  const std::array<const char*, 6> values = {
      url.c_str(), application_name.c_str(), seconds.c_str(), "UTF8", "30", nullptr};
  constexpr int kExpandUrl = 1;
  auto* raw = libpq().connectdbParams(keys.data(), values.data(), kExpandUrl);
  std::unique_ptr<Connection> out(new Connection(raw));
  if (libpq().status(raw) != CONNECTION_OK)
    return unreachable(url, one_line(libpq().errorMessage(raw)));
  libpq().setNoticeReceiver(raw, &Connection::hear_notice, out.get());
  return out;
}

Connection::~Connection() { libpq().finish(connection_); }

void Connection::hear_notice(void* self, const pg_result* result) {
  const auto& hear = static_cast<Connection*>(self)->on_notice_;
  if (hear) hear(field(result, PG_DIAG_SEVERITY), field(result, PG_DIAG_MESSAGE_PRIMARY));
}

Error Connection::failure(const pg_result* result, std::string_view statement) {
  sqlstate_ = field(result, PG_DIAG_SQLSTATE);
  const std::string at = field(result, PG_DIAG_STATEMENT_POSITION);
  position_ = 0;
  std::from_chars(at.data(), at.data() + at.size(), position_);
  if (sqlstate_.empty() || !is_alive())
    return Error(Code::ConnectionLost,
                 "the connection to PostgreSQL ended during: " + beginning(statement) + " (" +
                     one_line(libpq().errorMessage(connection_)) + ")",
                 "look into PostgreSQL's log, then run the command again");
  if (hides_values_) return failure_without_values(result, statement);
  std::string what = field(result, PG_DIAG_MESSAGE_PRIMARY) + " (SQLSTATE " + sqlstate_ + ")";
  if (const auto detail = field(result, PG_DIAG_MESSAGE_DETAIL); !detail.empty())
    what += "; " + one_line(detail);
  what += ", in: " + beginning(statement);
  return Error(Code::DatabaseRefused, what, field(result, PG_DIAG_MESSAGE_HINT));
}

Error Connection::failure_without_values(const pg_result* result,
                                         std::string_view statement) const {
  // Class 22 quotes the value that does not fit its type, P0 is what a function wrote itself.
  const bool quotes = sqlstate_.starts_with("22") || sqlstate_.starts_with("P0");
  std::string what = quotes ? "the server refuses a value" : field(result, PG_DIAG_MESSAGE_PRIMARY);
  what += " (SQLSTATE " + sqlstate_ + ")";
  for (const int code : {PG_DIAG_TABLE_NAME, PG_DIAG_COLUMN_NAME, PG_DIAG_CONSTRAINT_NAME}) {
    const auto name = field(result, code);
    if (!name.empty() && what.find(name) == std::string::npos) what += "; " + name;
  }
  return Error(Code::DatabaseRefused, what + ", in: " + beginning(statement),
               "PostgreSQL's log on that server has the value");
}

Result<Rows> Connection::take(pg_result* result, std::string_view statement) {
  Rows rows(result);
  const auto status = result == nullptr ? PGRES_FATAL_ERROR : libpq().resultStatus(result);
  if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE)
    return failure(result, statement);
  return rows;
}

Result<Rows> Connection::query(const std::string& statement,
                               const std::vector<Parameter>& parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const auto& parameter : parameters)
    values.push_back(parameter ? parameter->c_str() : nullptr);
  constexpr int kText = 0;
  return take(libpq().execParams(connection_, statement.c_str(), static_cast<int>(values.size()),
                                 nullptr, values.data(), nullptr, nullptr, kText),
              statement);
}

Result<Rows> Connection::run(const std::string& statements) {
  return take(libpq().exec(connection_, statements.c_str()), statements);
}

Result<Parameter> Connection::value(const std::string& statement,
                                    const std::vector<Parameter>& parameters) {
  auto rows = TRY(query(statement, parameters));
  if (rows.count() == 0 || rows.is_null(0, 0)) return Parameter();
  return Parameter(std::string(rows.text(0, 0)));
}

Result<std::int64_t> Connection::copy_out(
    const std::string& statement, const std::function<Result<void>(std::string_view)>& sink) {
  auto begun = TRY(run(statement));
  Result<void> kept;
  char* bytes = nullptr;
  int length = 0;
  while ((length = libpq().getCopyData(connection_, &bytes, 0)) > 0) {
    if (kept) {
      kept = sink({bytes, static_cast<std::size_t>(length)});
      if (!kept) canceller().cancel();  // what is still under way is read and thrown away
    }
    libpq().freemem(bytes);
  }
  auto ended = take(libpq().getResult(connection_), statement);
  while (auto* more = libpq().getResult(connection_)) libpq().clear(more);
  if (!kept) return kept.error();
  if (!ended) return ended.error();
  return ended->changed();
}

Result<void> Connection::begin_copy_in(const std::string& statement) {
  auto begun = TRY(run(statement));
  return {};
}

Result<void> Connection::send(std::string_view bytes) {
  if (libpq().putCopyData(connection_, bytes.data(), static_cast<int>(bytes.size())) == 1)
    return {};
  return failure(nullptr, "COPY … FROM STDIN");
}

Result<std::int64_t> Connection::end_copy_in() {
  constexpr std::string_view kWhat = "COPY … FROM STDIN";
  if (libpq().putCopyEnd(connection_, nullptr) != 1) return failure(nullptr, kWhat);
  auto ended = take(libpq().getResult(connection_), kWhat);
  while (auto* more = libpq().getResult(connection_)) libpq().clear(more);
  if (!ended) return ended.error();
  return ended->changed();
}

void Connection::abandon_copy_in(const std::string& why) {
  if (libpq().putCopyEnd(connection_, why.c_str()) != 1) return;  // the connection is gone already
  while (auto* more = libpq().getResult(connection_)) libpq().clear(more);
}

bool Connection::is_alive() const { return libpq().status(connection_) == CONNECTION_OK; }
bool Connection::is_in_transaction() const {
  return libpq().transactionStatus(connection_) != PQTRANS_IDLE;
}
int Connection::backend_pid() const { return libpq().backendPID(connection_); }
int Connection::server_version() const { return libpq().serverVersion(connection_); }

std::string Connection::quote_name(std::string_view name) const {
  return taken(libpq().escapeIdentifier(connection_, name.data(), name.size()));
}
std::string Connection::quote_text(std::string_view text) const {
  return taken(libpq().escapeLiteral(connection_, text.data(), text.size()));
}

}  // namespace slipway::database::postgres

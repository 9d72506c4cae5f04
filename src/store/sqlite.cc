#include "store/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace slipway::store {
namespace {
constexpr int kBusyTimeoutMs = 5000;

bool is_out_of_space(int err) { return err == ENOSPC || err == EDQUOT || err == EFBIG; }

Code code_of(int status, int system_errno) {
  switch (status & 0xff) {  // extended codes keep the primary one in the low byte
    case SQLITE_FULL:
      return Code::DiskFull;
    case SQLITE_IOERR:
      return is_out_of_space(system_errno) ? Code::DiskFull : Code::IoFailed;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Code::NotWritable;
    case SQLITE_CANTOPEN:
      return is_out_of_space(system_errno) ? Code::DiskFull : Code::NotWritable;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::Timeout;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::Corrupt;
    default:
      return Code::Internal;
  }
}

int last_errno_of(sqlite3_file* file) {
  int err = 0;
  if (file == nullptr || file->pMethods == nullptr) return 0;
  return file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &err) == SQLITE_OK ? err : 0;
}

// What the system said. The connection does not always keep it (a failed write to the -wal file
// leaves it zero), the open files do.
int system_errno_of(sqlite3* connection) {
  if (connection == nullptr) return 0;
  int err = sqlite3_system_errno(connection);
  for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
    sqlite3_file* file = nullptr;
    if (err != 0 || sqlite3_file_control(connection, "main", which, &file) != SQLITE_OK) continue;
    err = last_errno_of(file);
  }
  return err;
}

std::string next_step(Code code, const std::string& path) {
  if (code == Code::DiskFull) return "free space in the file system of " + path;
  if (code == Code::NotWritable) {
    return "make " + path + " and its folder writable for this user, or name another with --state";
  }
  if (code == Code::Timeout)
    return "end the other process that holds " + path + " open for writing";
  if (code == Code::Corrupt) {
    return "stop slipway, put " + path +
           " and its -wal and -shm files aside, restore the last copy";
  }
  if (code == Code::IoFailed) return "look at the disk under " + path + " (dmesg)";
  return "report this as a bug of slipway";
}

// SQLite would create the file with the umask's mode. O_EXCL also makes closing safe: the file is
// new, so no other connection of this process has locks on it that close() would drop.
Result<void> create_private_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) {
    ::close(fd);
    return ok();
  }
  if (errno == EEXIST) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) == 0 && (facts.st_mode & 0077) != 0)
      ::chmod(path.c_str(), 0600);
    return ok();
  }
  const int err = errno;
  const Code code = is_out_of_space(err) ? Code::DiskFull : Code::NotWritable;
  return Error(code, "cannot create " + path + ": " + std::strerror(err), next_step(code, path));
}
}  // namespace

Query::Query(Query&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      status_(other.status_),
      bound_(other.bound_) {}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::bind(std::string_view text) {
  if (status_ != SQLITE_OK) return *this;
  // A null pointer would bind NULL; an empty view may carry one.
  const char* bytes = text.empty() ? "" : text.data();
  status_ =
      sqlite3_bind_text64(statement_, ++bound_, bytes, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Query& Query::bind(std::int64_t number) {
  if (status_ != SQLITE_OK) return *this;
  status_ = sqlite3_bind_int64(statement_, ++bound_, number);
  return *this;
}

Result<bool> Query::step() {
  if (status_ == SQLITE_OK) {
    const int status = sqlite3_step(statement_);
    if (status == SQLITE_ROW) return true;
    if (status == SQLITE_DONE) return false;
    status_ = status;
  }
  return database_->error(status_, "cannot use " + database_->path());
}

Result<void> Query::run() {
  TRY(step());
  return ok();
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Query::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Access access) {
  if (access == Access::ReadWrite) TRY(create_private_file(path));
  std::unique_ptr<Database> database(new Database(path));
  const int how = access == Access::ReadWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  const int status = sqlite3_open_v2(path.c_str(), &database->connection_,
                                     how | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (status != SQLITE_OK) return database->error(status, "cannot open " + path);
  TRY(database->configure(access));
  return database;
}

Result<void> Database::configure(Access access) {
  sqlite3_busy_timeout(connection_, kBusyTimeoutMs);
  TRY(script("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;"));
  // SQLite opens a file it may not write as read-only without a word; ask now, not at the first
  // record.
  if (access == Access::ReadWrite && sqlite3_db_readonly(connection_, "main") == 1) {
    return error(SQLITE_READONLY, "cannot write " + path_);
  }
  return ok();
}

Database::~Database() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(connection_);
}

Query Database::query(const char* sql) {
  auto found = statements_.find(sql);
  if (found != statements_.end()) return {*this, found->second, SQLITE_OK};
  sqlite3_stmt* statement = nullptr;
  const int status =
      sqlite3_prepare_v3(connection_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (status != SQLITE_OK) return {*this, nullptr, status};
  statements_.emplace(sql, statement);
  return {*this, statement, SQLITE_OK};
}

Result<void> Database::script(const char* sql) {
  const int status = sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) return error(status, "cannot use " + path_);
  return ok();
}

Result<std::int64_t> Database::number(const char* sql) {
  Query ask = query(sql);
  if (!TRY(ask.step())) return std::int64_t{0};
  return ask.integer(0);
}

std::int64_t Database::changes() const { return sqlite3_changes64(connection_); }

Error Database::error(int status, std::string_view tried) const {
  const int system_errno = system_errno_of(connection_);
  const Code code = code_of(status, system_errno);
  std::string what(tried);
  what += ": ";
  what += sqlite3_errstr(status);
  const char* said = connection_ == nullptr ? nullptr : sqlite3_errmsg(connection_);
  if (said != nullptr && what.find(said) == std::string::npos &&
      sqlite3_errcode(connection_) != SQLITE_OK) {
    what += std::string(" (") + said + ")";
  }
  const bool from_system =
      code == Code::DiskFull || code == Code::IoFailed || code == Code::NotWritable;
  if (from_system && system_errno != 0) what += std::string(": ") + std::strerror(system_errno);
  return Error(code, std::move(what), next_step(code, path_));
}

Result<void> Database::begin() { return query("BEGIN IMMEDIATE").run(); }

Result<void> Database::commit() {
  auto done = query("COMMIT").run();
  if (!done) roll_back();
  return done;
}

void Database::roll_back() {
  // Some failures (disk full, I/O) have already ended the transaction.
  if (sqlite3_get_autocommit(connection_) != 0) return;
  sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace slipway::store

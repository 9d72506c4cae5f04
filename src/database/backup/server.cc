#include "database/backup/server.h"

#include <fmt/core.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "io/child.h"
#include "io/files.h"

namespace slipway::database::backup {
namespace {
constexpr const char* kFile = "server.json";
constexpr Millis kEndedWithin{5'000};
constexpr int kLookMs = 50;

Error not_here(const std::string& why) {
  return Error(
      Code::Unsupported, why,
      "run slipway on the database's machine, as root or as the owner of its files, with a "
      "role that is a member of pg_monitor; or use tool: pg_dump");
}

Result<std::string> setting(postgres::Connection& connection, const char* name) {
  auto value = connection.value("select current_setting($1)", {std::string(name)});
  if (!value)
    return not_here("the server's " + std::string(name) +
                    " cannot be asked for: " + value.error().what);
  return value->value_or("");
}
}  // namespace

Json to_json(const Server& server) {
  return Json::object()
      .set("cluster", server.cluster)
      .set("socket", server.socket)
      .set("port", server.port)
      .set("user", server.user)
      .set("superuser", server.superuser)
      .set("system_identifier", server.system_identifier)
      .set("version", server.version);
}

Server server_from_json(const Json& json) {
  Server out;
  out.cluster = json.text("cluster");
  out.socket = json.text("socket");
  out.port = static_cast<int>(json.integer("port", 5432));
  out.user = json.text("user");
  out.superuser = json.text("superuser");
  out.system_identifier = json.text("system_identifier");
  out.version = static_cast<int>(json.integer("version"));
  return out;
}

Result<std::string> identifier_in(const std::string& cluster) {
  const std::string path = io::join_path(cluster, "global/pg_control");
  const auto bytes = TRY(io::read_file(path));
  std::uint64_t identifier = 0;  // the file begins with it, in the machine's own byte order
  if (bytes.size() < sizeof(identifier))
    return Error(Code::Corrupt, path + " is too short", "look at the disk");
  std::memcpy(&identifier, bytes.data(), sizeof(identifier));
  return std::to_string(identifier);
}

bool is_running(const std::string& cluster) {
  const auto text = io::read_file(io::join_path(cluster, "postmaster.pid"));
  if (!text) return false;
  const int pid = std::atoi(text->c_str());
  return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

Result<std::string> owner_of(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return from_errno(errno, "looking at " + path);
  if (facts.st_uid == ::geteuid()) return std::string();
  std::array<char, 16384> space{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(facts.st_uid, &entry, space.data(), space.size(), &found);
  return found != nullptr ? std::string(found->pw_name) : std::to_string(facts.st_uid);
}

Result<void> make_folder_for(const std::string& path, const std::string& user, unsigned mode) {
  const bool was_there = io::is_dir(path);
  const auto slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0) TRY(io::make_dirs(path.substr(0, slash), 0755));
  TRY(io::make_dirs(path, mode));
  return was_there ? ok() : give_folder(path, user);
}

Result<void> give_folder(const std::string& path, const std::string& user) {
  if (user.empty() || ::geteuid() != 0) return ok();
  const auto ids = TRY(io::find_user(user));
  if (::chown(path.c_str(), ids.uid, ids.gid) != 0)
    return from_errno(errno, "giving " + path + " to " + user);
  return ok();
}

Result<Server> find_server(postgres::Connection& connection) {
  Server out;
  out.cluster = TRY(setting(connection, "data_directory"));
  const std::string sockets = TRY(setting(connection, "unix_socket_directories"));
  out.socket = std::string(trim(split(sockets, ',').front()));
  out.port = std::atoi(TRY(setting(connection, "port")).c_str());
  out.wal_level = TRY(setting(connection, "wal_level"));
  out.archive_mode = TRY(setting(connection, "archive_mode"));
  out.archive_command = TRY(setting(connection, "archive_command"));
  out.version = connection.server_version() / 10000;
  out.system_identifier =
      TRY(connection.value("select system_identifier::text from pg_control_system()")).value_or("");
  out.superuser =
      TRY(connection.value("select rolname from pg_roles where oid = 10")).value_or("postgres");
  const auto found = identifier_in(out.cluster);
  if (!found) return not_here("the server's files cannot be read here: " + found.error().what);
  if (*found != out.system_identifier)
    return not_here(out.cluster + " on this machine belongs to another server");
  if (out.socket.empty()) return not_here("the server has no unix socket");
  out.user = TRY(owner_of(out.cluster));
  if (!out.user.empty() && ::geteuid() != 0)
    return not_here("the server's files belong to " + out.user);
  return out;
}

Result<void> refuse_while_used(postgres::Connection& connection, const std::string& database,
                               const RestoreRequest& request, Clock& clock) {
  using Sessions = RestoreRequest::Sessions;
  const std::string theirs =
      " from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() "
      "and application_name not like 'slipway db%' and "
      "application_name not like 'slipway watch%' and ($1 = '' or datname = $1)";
  if (request.sessions == Sessions::Disconnect)
    TRY(connection.query("select pg_terminate_backend(pid)" + theirs, {database}));
  // Who was told to go ends a moment later.
  const auto until = clock.monotonic() +
                     std::max(request.leave_within,
                              request.sessions == Sessions::Disconnect ? kEndedWithin : Millis(0));
  for (;;) {
    const auto users = TRY(connection.query(
        "select count(*), coalesce(string_agg(format('%s (pid %s, %s, %s)', "
        "coalesce(nullif(application_name, ''), 'no application_name'), pid, usename, datname), "
        "', ' order by pid) filter (where pid in (select pid" +
            theirs + " order by pid limit 8)), '')" + theirs,
        {database}));
    const auto count = users.integer(0, 0);
    if (count == 0) return ok();
    if (clock.monotonic() > until)
      return Error(
          Code::Refused,
          fmt::format("{} on the database: {}", count_of(count, "session"), users.text(0, 1)),
          "end them where they are, or say --disconnect");
    ::poll(nullptr, 0, kLookMs);
  }
}

Result<Server> kept_server(const std::string& folder) {
  const std::string path = io::join_path(folder, kFile);
  if (!io::exists(path))
    return Error(Code::NotFound, "no backup was ever set up in " + folder,
                 "slipway db backup ENV --setup");
  return server_from_json(TRY(Json::parse(TRY(io::read_file(path)))));
}

Result<void> keep_server(const std::string& folder, const Server& server) {
  const std::string path = io::join_path(folder, kFile);
  const std::string text = to_json(server).dump(2) + "\n";
  const auto before = io::read_file(path);
  if (before && *before == text) return ok();
  return io::write_file_durably(path, text);
}

}  // namespace slipway::database::backup

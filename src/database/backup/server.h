#pragma once
// What slipway knows of the server whose files are backed up. Kept in the folder's server.json, so
// that a restore works when the server is gone.
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "database/backup/tool.h"
#include "database/postgres/connection.h"

namespace slipway::database::backup {

struct Server {
  std::string cluster;  // its folder
  std::string socket;   // folder of its socket
  int port = 5432;
  std::string user;       // of the system, whose files they are; "": the caller's own
  std::string superuser;  // the role that may do anything
  std::string system_identifier;
  int version = 0;  // 15
  std::string wal_level;
  std::string archive_mode;
  std::string archive_command;
};
Json to_json(const Server& server);
Server server_from_json(const Json& json);

// Asks the server, and looks whether its files are on this machine: they hold the same system
// identifier. Unsupported with the reason when they are not, or cannot be read.
Result<Server> find_server(postgres::Connection& connection);
Result<Server> kept_server(const std::string& folder);  // NotFound
Result<void> keep_server(const std::string& folder, const Server& server);

// Refused, with who it is, while anybody but us is connected: to `database`, or, when it is empty,
// to any. Sessions get `request.leave_within` to end; with Disconnect they are ended.
Result<void> refuse_while_used(postgres::Connection& connection, const std::string& database,
                               const RestoreRequest& request, Clock& clock);

// The system identifier in a cluster's files.
Result<std::string> identifier_in(const std::string& cluster);
// Whether a server runs on these files, by its own lock file.
bool is_running(const std::string& cluster);
// The name of a file's owner, "" when it is the caller.
Result<std::string> owner_of(const std::string& path);
// Makes a folder with its parents; when slipway is root it is given to `user`.
Result<void> give_folder(const std::string& path, const std::string& user);
Result<void> make_folder_for(const std::string& path, const std::string& user, unsigned mode);

}  // namespace slipway::database::backup

#pragma once
// BackupTool by pgBackRest. Its programs run as the owner of the server's files.
#include <optional>

#include "database/backup/pgbackrest_text.h"
#include "database/backup/program.h"
#include "database/backup/server.h"
#include "database/backup/tool.h"

namespace slipway::database::backup {

class PgBackRest final : public BackupTool {
 public:
  // `server`: as asked just now, or as kept; nullopt on a machine that has only the repository.
  PgBackRest(Settings settings, World world, std::optional<Server> server, std::string why);

  Tool tool() const override { return Tool::PgBackRest; }
  Result<Setup> look_at_setup() override;
  Result<Setup> set_up(Apply apply) override;
  Result<Entry> backup(Kind kind) override;
  Result<Catalogue> list() override;
  Result<Verification> verify(const std::string& id) override;
  Result<std::vector<std::string>> expire() override;
  Result<SafetyPoint> safety_point(const std::string& name, Millis fresh) override;
  Result<Restored> restore(const RestoreRequest& request) override;
  Result<std::string> give_up_in_place() override;
  Result<SinceThen> since_point(const std::string& name) override;

 private:
  Result<void> ready();  // configuration written, archiving set up: else Refused
  Result<void> write_configuration();
  Result<void> apply(const Setup& setup);
  Program program(std::vector<std::string> words) const;
  Result<Listing> listing() const;
  Result<Entry> take(Kind kind);
  std::vector<std::string> unfinished(const Listing& listing) const;
  std::vector<std::string> gaps() const;
  Result<std::unique_ptr<postgres::Connection>> connect() const;
  std::string user() const;

  // pgbackrest_restore.cc
  struct Target {
    std::string entry;
    std::vector<std::string> words;  // of pgbackrest restore
  };
  Result<Target> target_of(const RestoreRequest& request, const Catalogue& catalogue) const;
  Result<void> flush(const RestoreRequest& request) const;
  Result<void> copy_out(const RestoreRequest& request, const Target& target,
                        const std::string& folder, Restored& out);
  Result<Restored> into_folder(const RestoreRequest& request, const Target& target);
  Result<Restored> in_place(const RestoreRequest& request, const Target& target);
  Result<void> stop_server() const;
  Result<void> start_server(const RestoreRequest& request, Restored& out) const;

  Settings settings_;
  World world_;
  std::optional<Server> server_;
  std::string why_;
};

}  // namespace slipway::database::backup

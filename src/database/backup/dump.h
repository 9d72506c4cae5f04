#pragma once
// BackupTool by pg_dump: whole copies of one database, each in a folder of its own with a manifest.
#include <string>
#include <vector>

#include "database/backup/manifest.h"
#include "database/backup/program.h"
#include "database/backup/tool.h"
#include "database/postgres/connection.h"

namespace slipway::database::backup {

class Dump final : public BackupTool {
 public:
  Dump(Settings settings, World world, std::string why);

  Tool tool() const override { return Tool::PgDump; }
  Result<Setup> look_at_setup() override;
  Result<Setup> set_up(Apply apply) override;
  Result<Entry> backup(Kind kind) override;
  Result<Catalogue> list() override;
  Result<Verification> verify(const std::string& id) override;
  Result<std::vector<std::string>> expire() override;
  Result<SafetyPoint> safety_point(const std::string& name, Millis fresh) override;
  Result<Restored> restore(const RestoreRequest& request) override;
  // The old database is renamed when the new one is whole, in one transaction: nothing is ever
  // half.
  Result<std::string> give_up_in_place() override { return std::string(); }
  Result<SinceThen> since_point(const std::string& name) override;

 private:
  Result<std::unique_ptr<postgres::Connection>> connect(const std::string& database = {}) const;
  Result<Entry> take();
  Result<void> write(const Entry& entry, const std::string& part);
  Result<Entry> describe(postgres::Connection& connection) const;
  Result<void> clean();
  Result<std::vector<std::string>> remove_outdated();
  std::string folder_of(const std::string& id) const;

  // dump_restore.cc
  Result<Entry> entry_for(const RestoreRequest& request, const Catalogue& catalogue) const;
  Result<Restored> into_folder(const RestoreRequest& request, const Entry& entry);
  Result<Restored> in_place(const RestoreRequest& request, const Entry& entry);
  Result<void> fill(const Entry& entry, const std::string& url, const std::string& database,
                    std::vector<std::string> words);
  Result<void> swap(postgres::Connection& connection, const std::string& database,
                    const std::string& fresh, const std::string& kept);

  Settings settings_;
  World world_;
  std::string why_;
  std::string folder_;  // of this environment's dumps
};

}  // namespace slipway::database::backup

#include "database/copy/target.h"

#include <fmt/core.h>

#include "database/postgres/url.h"

namespace slipway::database::copy {
namespace {

using postgres::Connection;

// What a name of 63 bytes leaves beside the suffixes below.
constexpr std::size_t kLongestName = 48;
constexpr std::string_view kNewSuffix = "_slipway_new";
constexpr std::string_view kOldSuffix = "_slipway_old";
constexpr const char* kComment = "slipway: a copy that is being built; not for use";
// While an old copy is renamed, a pool may connect to it again and again.
constexpr int kMostTries = 20;
constexpr std::string_view kLockWait = "3s";

// Which cluster this is: a replica has its primary's.
Result<std::string> system_identifier(Connection& connection) {
  const auto value = TRY(connection.value("select system_identifier from pg_control_system()"));
  return value.value_or("");
}

Result<void> refuse_itself(Connection& source, Connection& admin, const std::string& name) {
  const auto theirs = TRY(system_identifier(source));
  const auto ours = TRY(system_identifier(admin));
  const auto theirs_name = TRY(source.value("select current_database()"));
  if (theirs != ours || theirs_name.value_or("") != name) return ok();
  return Error(Code::Refused,
               fmt::format("the copy would replace its own source: both are the database {} of the "
                           "cluster {}",
                           name, ours),
               "name another database in --to");
}

}  // namespace

Result<Locale> locale_of(Connection& source) {
  const bool has_provider = source.server_version() >= 150000;
  const char* icu = source.server_version() >= 170000 ? "datlocale" : "daticulocale";
  const auto rows = TRY(source.query(fmt::format(
      "select pg_encoding_to_char(encoding), datcollate, datctype, {} from pg_database "
      "where datname = current_database()",
      has_provider ? fmt::format("case when datlocprovider = 'i' then {} end", icu) : "null")));
  return Locale{std::string(rows.text(0, 0)), std::string(rows.text(0, 1)),
                std::string(rows.text(0, 2)), std::string(rows.text(0, 3))};
}

Result<std::unique_ptr<Target>> Target::open(const std::string& url, Connection& source) {
  std::unique_ptr<Target> out(new Target());
  out->url_ = url;
  out->name_ = postgres::database_of(url);
  if (out->name_.empty() || out->name_.size() > kLongestName)
    return Error(Code::Usage,
                 fmt::format("{} names no database to fill, or one with more than {} characters",
                             postgres::without_password(url), kLongestName),
                 "write postgresql://host/staging");
  out->new_name_ = out->name_ + std::string(kNewSuffix);
  out->old_name_ = out->name_ + std::string(kOldSuffix);
  out->admin_ = TRY(Connection::open(postgres::for_database(url, "postgres"), "slipway db copy"));
  Connection& admin = *out->admin_;
  TRY(refuse_itself(source, admin, out->name_));
  TRY(out->take_lock());
  TRY(out->drop_leftovers());
  const auto owner =
      TRY(admin.value("select r.rolname from pg_database d join pg_roles r on r.oid = d.datdba "
                      "where d.datname = $1 and r.rolname <> current_user",
                      {out->name_}));
  out->owner_ = owner.value_or("");
  return out;
}

// Held until this object's connection ends. A killed copy's own ends a moment after it.
Result<void> Target::take_lock() {
  TRY(admin_->run(fmt::format("set lock_timeout = '{}'", kLockWait)));
  const auto locked =
      admin_->query("select pg_advisory_lock(hashtext('slipway db copy'), hashtext($1))", {name_});
  if (locked) return ok();
  if (admin_->sqlstate() != Connection::kLockNotAvailable) return locked.error();
  return Error(Code::Conflict, fmt::format("another copy to {} is under way", name_),
               "wait for it, or end it");
}

Target::~Target() {
  if (created_ && admin_) (void)drop(new_name_);  // the next copy finds it if this fails
}

std::string Target::url() const { return postgres::for_database(url_, new_name_); }

Result<bool> Target::exists(const std::string& database) {
  const auto found = TRY(admin_->value("select 1 from pg_database where datname = $1", {database}));
  return found.has_value();
}

Result<void> Target::drop(const std::string& database) {
  TRY(admin_->run(
      fmt::format("drop database if exists {} with (force)", admin_->quote_name(database))));
  return ok();
}

Result<void> Target::drop_leftovers() {
  for (const auto& database : {new_name_, old_name_}) {
    if (!TRY(exists(database))) continue;
    TRY(drop(database));
    dropped_leftover_ = true;
  }
  return ok();
}

Result<void> Target::create(const Locale& locale) {
  const std::string quoted = admin_->quote_name(new_name_);
  std::string statement =
      fmt::format("create database {} template template0 encoding {} lc_collate {} lc_ctype {}",
                  quoted, admin_->quote_text(locale.encoding), admin_->quote_text(locale.collate),
                  admin_->quote_text(locale.ctype));
  if (!locale.icu.empty())
    statement += " locale_provider icu icu_locale " + admin_->quote_text(locale.icu);
  created_ = true;
  TRY(admin_->run(statement));
  TRY(
      admin_->run(fmt::format("comment on database {} is {}; revoke connect on database {} from "
                              "public",
                              quoted, admin_->quote_text(kComment), quoted)));
  if (!owner_.empty())
    TRY(admin_->run(
        fmt::format("alter database {} owner to {}", quoted, admin_->quote_name(owner_))));
  return ok();
}

// What may be done with the old database may be done with the new one.
Result<void> Target::copy_grants() {
  const std::string quoted = admin_->quote_name(new_name_);
  const auto rows = TRY(admin_->query(
      "select a.privilege_type, coalesce(r.rolname, 'public'), r.rolname is null "
      "from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a "
      "left join pg_roles r on r.oid = a.grantee where d.datname = $1",
      {name_}));
  if (rows.count() == 0)
    TRY(admin_->run(fmt::format("grant connect on database {} to public", quoted)));
  for (int i = 0; i < rows.count(); ++i) {
    const std::string role = rows.is_true(i, 2) ? "public" : admin_->quote_name(rows.text(i, 1));
    TRY(admin_->run(fmt::format("grant {} on database {} to {}", rows.text(i, 0), quoted, role)));
  }
  return ok();
}

// Both in one transaction: nobody sees a moment without the database.
Result<void> Target::rename_both(bool has_old) {
  std::string statements = "begin; ";
  if (has_old)
    statements += fmt::format("alter database {} rename to {}; ", admin_->quote_name(name_),
                              admin_->quote_name(old_name_));
  statements += fmt::format(
      "alter database {} rename to {}; comment on database {} is null; commit",
      admin_->quote_name(new_name_), admin_->quote_name(name_), admin_->quote_name(name_));
  const auto renamed = admin_->run(statements);
  if (renamed) return ok();
  (void)admin_->run("rollback");  // what was wrong stands in `renamed`
  return renamed.error();
}

Result<void> Target::swap() {
  TRY(copy_grants());
  const bool has_old = TRY(exists(name_));
  for (int tries = 1;; ++tries) {
    TRY(
        admin_->query("select pg_terminate_backend(pid) from pg_stat_activity "
                      "where datname in ($1, $2) and pid <> pg_backend_pid()",
                      {name_, new_name_}));
    const auto renamed = rename_both(has_old);
    if (renamed) break;
    constexpr std::string_view kInUse = "55006";
    if (admin_->sqlstate() != kInUse || tries == kMostTries)
      return renamed.error().in("while putting the copy in its place");
  }
  created_ = false;
  if (has_old) TRY(drop(old_name_));
  return ok();
}

}  // namespace slipway::database::copy

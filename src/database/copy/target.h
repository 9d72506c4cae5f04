#pragma once
// Target: the database that a copy fills. It is built under another name, closed to everybody else,
// and takes its own name by one transaction of renames when it is complete. What a killed copy left
// is found by that other name, and dropped by the next one.
#include <memory>
#include <string>

#include "base/result.h"
#include "database/postgres/connection.h"

namespace slipway::database::copy {

// How text is stored and compared; a copy keeps what its source has.
struct Locale {
  std::string encoding;
  std::string collate;
  std::string ctype;
  std::string icu;  // the locale of ICU; empty: the system's
};
Result<Locale> locale_of(postgres::Connection& source);

class Target {
 public:
  // Conflict when another copy to the same database is under way. Refused when `url` is where the
  // source is.
  static Result<std::unique_ptr<Target>> open(const std::string& url, postgres::Connection& source);
  ~Target();  // drops what is not complete
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  const std::string& name() const { return name_; }
  std::string url() const;  // of the database being built
  // Who owns what is made in it: the owner of the database it replaces; empty: the login itself.
  const std::string& owner() const { return owner_; }
  bool dropped_leftover() const { return dropped_leftover_; }

  Result<void> create(const Locale& locale);
  // The new one in the old one's place; sessions that use the old one are ended.
  Result<void> swap();

 private:
  Target() = default;
  Result<void> take_lock();
  Result<void> drop(const std::string& database);
  Result<void> drop_leftovers();
  Result<bool> exists(const std::string& database);
  Result<void> rename_both(bool has_old);
  Result<void> copy_grants();

  std::string url_;
  std::string name_;
  std::string new_name_;
  std::string old_name_;
  std::string owner_;
  std::unique_ptr<postgres::Connection> admin_;
  bool created_ = false;
  bool dropped_leftover_ = false;
};

}  // namespace slipway::database::copy

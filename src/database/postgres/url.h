#pragma once
// PostgreSQL's addresses: postgresql://… or libpq's key=value words. libpq reads them; nothing here
// connects.
#include <string>
#include <vector>

#include "base/result.h"

namespace slipway::database::postgres {

// ConfigInvalid, in libpq's words, when it is no address.
Result<void> check_url(const std::string& url);
// As it may be shown: postgresql://app@db.example:5432/shop. Never the password, nor anything of a
// text that libpq cannot read.
std::string without_password(const std::string& url);
// The same server and login, another database. Holds the password, if there was one.
std::string for_database(const std::string& url, const std::string& database);
// The address as libpq's variables (PGHOST=…, PGPASSWORD=…), for programs that are run: what stands in
// a command line can be read by everybody on the machine. ConfigInvalid as check_url().
Result<std::vector<std::string>> environment_of(const std::string& url);
// The database the address names, "" when it names none.
std::string database_of(const std::string& url);

}  // namespace slipway::database::postgres

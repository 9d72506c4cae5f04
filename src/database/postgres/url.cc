#include "database/postgres/url.h"

#include <algorithm>
#include <string_view>

#include "database/postgres/libpq.h"

namespace slipway::database::postgres {
namespace {

// Keys and values of an address; freed with it. `options` is null when libpq cannot read it.
class Words {
 public:
  explicit Words(const std::string& url) {
    char* why = nullptr;
    options_ = libpq().conninfoParse(url.c_str(), &why);
    if (why == nullptr) return;
    trouble_ = why;
    libpq().freemem(why);
  }
  ~Words() {
    if (options_ != nullptr) libpq().conninfoFree(options_);
  }
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  bool are_read() const { return options_ != nullptr; }
  const std::string& trouble() const { return trouble_; }
  std::string value(std::string_view key) const {
    std::string out;
    each([&](std::string_view name, std::string_view text) {
      if (name == key) out = text;
    });
    return out;
  }
  // KEY=VALUE for all that have a variable.
  std::vector<std::string> variables() const {
    std::vector<std::string> out;
    for (const auto* at = options_; at != nullptr && at->keyword != nullptr; ++at) {
      if (at->val != nullptr && at->envvar != nullptr)
        out.push_back(std::string(at->envvar) + "=" + at->val);
    }
    return out;
  }
  template <class Use>
  void each(Use use) const {
    for (const auto* at = options_; at != nullptr && at->keyword != nullptr; ++at)
      if (at->val != nullptr) use(std::string_view(at->keyword), std::string_view(at->val));
  }

 private:
  PQconninfoOption* options_ = nullptr;
  std::string trouble_;
};

// 'it\'s': libpq's quoting of a value in key=value words.
std::string quoted(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

}  // namespace

Result<void> check_url(const std::string& url) {
  if (!libpq().trouble.empty())
    return Error(Code::NotFound, libpq().trouble, "install Debian's libpq5");
  const Words words(url);
  if (words.are_read()) return {};
  // libpq repeats what it could not read, which may be the password: only its first words are kept.
  const std::string_view said = words.trouble();
  return Error(Code::ConfigInvalid,
               "this is no address of PostgreSQL: " + std::string(said.substr(0, said.find('"'))),
               "write postgresql://user@host:5432/database");
}

std::string without_password(const std::string& url) {
  if (!libpq().trouble.empty()) return "PostgreSQL";
  const Words words(url);
  if (!words.are_read()) return "an address that cannot be read";
  std::string out = "postgresql://";
  if (const auto user = words.value("user"); !user.empty()) out += user + "@";
  out += words.value("host");
  if (const auto port = words.value("port"); !port.empty()) out += ":" + port;
  return out + "/" + words.value("dbname");
}

std::string for_database(const std::string& url, const std::string& database) {
  std::string out;
  Words(url).each([&](std::string_view key, std::string_view value) {
    if (key != "dbname") out += std::string(key) + "=" + quoted(value) + " ";
  });
  return out + "dbname=" + quoted(database);
}

Result<std::vector<std::string>> environment_of(const std::string& url) {
  TRY(check_url(url));
  return Words(url).variables();
}

std::string database_of(const std::string& url) { return Words(url).value("dbname"); }

}  // namespace slipway::database::postgres

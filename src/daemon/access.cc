#include "daemon/access.h"

#include <algorithm>
#include <array>

#include "base/digest.h"

namespace slipway::daemon {
namespace {
constexpr std::array<std::string_view, 5> kRoles{"none", "viewer", "deployer", "approver", "admin"};
constexpr std::string_view kLead = "slw_";
constexpr std::size_t kIdSize = 16;
constexpr std::size_t kSecretSize = 64;
constexpr std::size_t kMostNameBytes = 100;

std::string key_of(std::string_view id) { return "token/" + std::string(id); }

Error not_valid() {
  return Error(Code::Unauthorized, "the token is not valid",
               "ask an admin for one: slipway daemon token create NAME --role ROLE");
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
}  // namespace

std::string_view name_of(Role role) { return kRoles[static_cast<std::size_t>(role)]; }

std::optional<Role> role_named(std::string_view name) {
  for (std::size_t i = 1; i < kRoles.size(); ++i) {
    if (kRoles[i] == name) return static_cast<Role>(i);
  }
  return std::nullopt;
}

std::string Tokens::random_hex(int words) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (int i = 0; i < words; ++i) {
    const std::uint64_t word = random_.next();
    for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(word >> shift) & 15];
  }
  return out;
}

Result<Tokens::Made> Tokens::make(const std::string& name, Role role, const std::string& by) {
  if (name.empty() || name.size() > kMostNameBytes) {
    return Error(Code::Usage, "a token needs a name of 1 to 100 bytes",
                 "name who or what uses it: ci, kim");
  }
  Made made;
  made.id = random_hex(1);
  made.token = std::string(kLead) + made.id + "_" + random_hex(4);
  TRY(store_.set_value(key_of(made.id), Json::object()
                                            .set("id", made.id)
                                            .set("name", name)
                                            .set("role", name_of(role))
                                            .set("by", by)
                                            .set("created_ms", to_unix_ms(clock_.now()))
                                            .set("hash", sha256_hex(made.token))));
  return made;
}

Result<Json> Tokens::list() {
  Json out = Json::array();
  for (const auto& [key, token] : TRY(store_.values("token/"))) {
    out.push_back(Json::object()
                      .set("id", token.text("id"))
                      .set("name", token.text("name"))
                      .set("role", token.text("role"))
                      .set("by", token.text("by"))
                      .set("created_ms", token.integer("created_ms")));
  }
  return out;
}

Result<void> Tokens::revoke(const std::string& id) {
  if (!TRY(store_.value(key_of(id)))) {
    return Error(Code::NotFound, "there is no token " + id, "list them: slipway daemon token list");
  }
  return store_.remove_value(key_of(id));
}

Result<Caller> Tokens::check(std::string_view token) {
  const bool well_formed = token.size() == kLead.size() + kIdSize + 1 + kSecretSize &&
                           token.starts_with(kLead) && token[kLead.size() + kIdSize] == '_' &&
                           is_hex(token.substr(kLead.size(), kIdSize));
  if (!well_formed) return not_valid();
  const auto stored = TRY(store_.value(key_of(token.substr(kLead.size(), kIdSize))));
  // An unknown id costs the same digest as a known one.
  const std::string hash = stored ? stored->text("hash") : std::string(64, '0');
  if (!equal_in_constant_time(sha256_hex(token), hash) || !stored) return not_valid();
  const auto role = role_named(stored->text("role"));
  if (!role) return not_valid();
  return Caller{*role, stored->text("name"), true};
}

Result<Caller> caller_of(Tokens& tokens, std::string_view authorization) {
  constexpr std::string_view kBearer = "Bearer ";
  if (!authorization.starts_with(kBearer)) {
    return Error(Code::Unauthorized, "the request carries no token",
                 "send Authorization: Bearer slw_…");
  }
  return tokens.check(authorization.substr(kBearer.size()));
}

}  // namespace slipway::daemon

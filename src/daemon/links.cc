#include "daemon/links.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/digest.h"
#include "base/hex.h"
#include "base/text.h"
#include "daemon/access.h"
#include "daemon/documents.h"
#include "release/notices.h"

namespace slipway::daemon {
namespace {
constexpr std::string_view kLead = "slwc_";
constexpr std::array<std::string_view, 4> kNames{"approve", "promote", "roll-back", "confirm"};
constexpr std::array<std::string_view, 4> kWords{"Approve", "Promote", "Roll back", "Confirm"};
constexpr std::size_t kNonce = 16;

Error refused(std::string what, std::string next) {
  return {Code::Refused, std::move(what), std::move(next)};
}

Error not_valid() {
  return refused("the link is not one of this daemon's, or it was changed",
                 "open it as it came, or use the slipway command");
}

Role least_role(LinkAction action) {
  const bool of_deployer = action == LinkAction::RollBack || action == LinkAction::Confirm;
  return of_deployer ? Role::Deployer : Role::Approver;
}

std::string by_of(const ActionLink& link) { return "link sent to " + link.channel; }
std::string person_of(const std::string& channel) { return "channel " + channel; }

std::string used_key(const ActionLink& link) {
  return "used-link/" + link.release + "/" + link.nonce;
}

// Where the channel's word is one of those that `approvals` asks for.
bool is_asked(const plan::Plan& plan, const std::string& person) {
  const auto& asked = plan.settings.gates.approvals;
  const auto holds = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), person) != names.end();
  };
  return holds(asked.from) || std::any_of(asked.roles.begin(), asked.roles.end(),
                                          [&](const auto& role) { return holds(role.second); });
}

std::string escaped(const std::string& text) {
  std::string out = replace_all(replace_all(text, "&", "&amp;"), "<", "&lt;");
  return replace_all(replace_all(out, ">", "&gt;"), "\"", "&quot;");
}
}  // namespace

std::string_view name_of(LinkAction action) { return kNames[static_cast<std::size_t>(action)]; }

std::string_view word_of(LinkAction action) { return kWords[static_cast<std::size_t>(action)]; }

std::vector<LinkAction> Links::actions_for(const ports::Notice& notice,
                                           const config::Channel& channel) {
  std::vector<LinkAction> out;
  const auto role = role_named(channel.role);
  if (house_.external_url.empty() || !role || notice.release.empty()) return out;
  const bool closes = notice.turn == ports::Turn::Closes && notice.kind != "released";
  if (closes) return out;
  const bool approves = *role >= least_role(LinkAction::Approve);
  if (notice.kind == "approval" && may_answer(notice, channel)) {
    const bool asks = !release::asked_item(notice).empty();
    if (asks || approves) out.push_back(asks ? LinkAction::Confirm : LinkAction::Approve);
  }
  if (notice.kind == "held" && approves) out.push_back(LinkAction::Promote);
  const bool may_go_back = notice.kind == "held" || notice.kind == "approval" ||
                           notice.kind == "released" || notice.kind == "incident";
  if (may_go_back && *role >= least_role(LinkAction::RollBack)) out.push_back(LinkAction::RollBack);
  return out;
}

// Whether the channel's word is one of those that the notice asks for.
bool Links::may_answer(const ports::Notice& notice, const config::Channel& channel) {
  const auto stored = lookout_.shelf().release(notice.release);
  if (!stored) return false;
  const std::string item = release::asked_item(notice);
  const std::string person = person_of(channel.name);
  return item.empty() ? is_asked((*stored)->plan, person)
                      : checks::is_asked_of((*stored)->plan, item, person);
}

std::vector<std::pair<std::string, std::string>> Links::of(const ports::Notice& notice,
                                                           const config::Channel& channel) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto key = approvals_.link_key();
  for (const auto action : actions_for(notice, channel)) {
    const auto row = house_.store.release(notice.release);
    if (!row || !key) continue;  // the message goes out without it
    ActionLink link{action,         notice.release,           channel.name,
                    row->plan_hash, notice.at_ms + kValid_ms, ""};
    link.nonce = hmac_sha256_hex(*key, "nonce " + notice.key + " " + channel.name + " " +
                                           std::string(name_of(action)))
                     .substr(0, kNonce);
    if (action == LinkAction::Confirm) link.item = release::asked_item(notice);
    const auto token = token_of(link);
    if (!token) continue;
    out.emplace_back(word_of(action), house_.external_url + "/v1/link?token=" + *token);
  }
  return out;
}

// slwc_<action>.<release>.<channel>.<plan>.<expires>.<nonce>[.<item>].<signature of all before>
Result<std::string> Links::token_of(const ActionLink& link) {
  const std::string text = std::string(kLead) + std::string(name_of(link.action)) + "." +
                           link.release + "." + link.channel + "." + link.plan_hash + "." +
                           std::to_string(link.expires_ms) + "." + link.nonce +
                           (link.item.empty() ? "" : "." + to_hex(link.item));
  return text + "." + hmac_sha256_hex(TRY(approvals_.link_key()), text);
}

Result<ActionLink> Links::read(const std::string& token) {
  const auto last = token.rfind('.');
  if (last == std::string::npos || !token.starts_with(kLead)) return not_valid();
  const std::string text = token.substr(0, last);
  const std::string signature = hmac_sha256_hex(TRY(approvals_.link_key()), text);
  if (!equal_in_constant_time(signature, token.substr(last + 1))) return not_valid();
  const auto parts = split(std::string_view(text).substr(kLead.size()), '.');
  if (parts.size() < 6 || parts.size() > 7) return not_valid();
  const auto name = std::find(kNames.begin(), kNames.end(), parts[0]);
  ActionLink link;
  const auto number =
      std::from_chars(parts[4].data(), parts[4].data() + parts[4].size(), link.expires_ms);
  if (name == kNames.end() || number.ec != std::errc()) return not_valid();
  link.action = static_cast<LinkAction>(name - kNames.begin());
  link.release = parts[1];
  link.channel = parts[2];
  link.plan_hash = parts[3];
  link.nonce = parts[5];
  if (parts.size() == 7) link.item = from_hex(parts[6]).value_or("");
  if ((link.action == LinkAction::Confirm) == link.item.empty()) return not_valid();
  TRY(may(link));
  return link;
}

Result<void> Links::may(const ActionLink& link) {
  const std::string what = "the link to " +
                           replace_all(std::string(name_of(link.action)), "-", " ") + " " +
                           (link.item.empty() ? "" : "'" + link.item + "' of ") + link.release +
                           " that was sent to " + link.channel;
  if (link.expires_ms <= house_.now_ms())
    return refused(what + " has expired", "use the slipway command");
  if (TRY(house_.store.value(used_key(link))))
    return refused(what + " was used already", "a link works once; see: slipway status");
  const auto row = TRY(house_.store.release(link.release));
  if (row.plan_hash != link.plan_hash) {
    return refused(what + " is for the plan " + link.plan_hash.substr(0, 12) + ", and " +
                       link.release + " carries out " + row.plan_hash.substr(0, 12),
                   "look at it: slipway history " + link.release);
  }
  const auto settings = TRY(lookout_.settings(row.app));
  const auto channel = settings.channels.find(link.channel);
  const auto role =
      channel == settings.channels.end() ? std::optional<Role>() : role_named(channel->second.role);
  if (!role || *role < least_role(link.action)) {
    return refused(what + " is worth nothing any more: the channel's role does not allow it",
                   "it takes channels." + link.channel +
                       ".role: " + std::string(name_of(least_role(link.action))));
  }
  return ok();
}

Result<std::string> Links::use(const std::string& token) {
  const std::lock_guard lock(mutex_);
  const ActionLink link = TRY(read(token));
  auto done = TRY(carry_out(link));
  // After the deed: a link that is opened again after a crash in between finds it done, and is
  // refused by the release itself.
  TRY(house_.store.set_value(
      used_key(link),
      Json::object().set("used_ms", house_.now_ms()).set("expires_ms", link.expires_ms)));
  house_.log.note("daemon", done + ", by " + by_of(link),
                  Json::object().set("release", link.release).set("channel", link.channel));
  return done;
}

Result<std::string> Links::carry_out(const ActionLink& link) {
  if (link.action == LinkAction::Approve) {
    plan::Approval offered;
    offered.by = person_of(link.channel);
    offered.plan_hash = link.plan_hash;
    offered.via = by_of(link);
    TRY(approvals_.give(link.release, std::move(offered)));
    return link.release + " is approved";
  }
  if (link.action == LinkAction::Confirm) return confirm(link);
  if (link.action == LinkAction::RollBack) return roll_back(link);
  release::Command promote;
  promote.kind = release::EventKind::Promote;
  promote.by = by_of(link);
  TRY(releases_.command(link.release, std::move(promote)));
  return link.release + " is promoted";
}

Result<std::string> Links::confirm(const ActionLink& link) {
  checks::Confirmation offered;
  offered.item = link.item;
  offered.by = person_of(link.channel);
  offered.plan_hash = link.plan_hash;
  offered.via = by_of(link);
  TRY(confirmations_.give(link.release, std::move(offered)));
  return "'" + link.item + "' of " + link.release + " is confirmed";
}

// While it runs it is taken back; when it is live, the one before it comes back.
Result<std::string> Links::roll_back(const ActionLink& link) {
  if (releases_.running(link.release) != nullptr) {
    release::Command abort;
    abort.kind = release::EventKind::Abort;
    abort.by = by_of(link);
    abort.reason = "rolled back by a link";
    TRY(releases_.command(link.release, std::move(abort)));
    return link.release + " is taken back";
  }
  const auto row = TRY(house_.store.release(link.release));
  const auto live = TRY(house_.store.live(row.app));
  if (live.release != link.release) {
    return refused(link.release + " has no traffic: there is nothing to roll back",
                   "see what is live: slipway status " + row.app.environment);
  }
  ReleaseRequest request;
  request.app = row.app.app;
  request.wanted.kind = plan::RequestKind::Rollback;
  request.wanted.environment = row.app.environment;
  request.wanted.by = by_of(link);
  Json details;
  const auto started = TRY(releases_.start(request, details));
  return link.release + " is rolled back by " + started.release;
}

std::string html_of(const LinkPage& page) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta name=\"robots\" content=\"noindex\"><title>" +
      escaped(page.title) +
      "</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;"
      "padding:0 1rem}pre{background:#f3f3f3;padding:1rem;overflow:auto}button{font:inherit;"
      "padding:.6rem 1.4rem}</style></head><body><h1>" +
      escaped(page.title) + "</h1><p>" + escaped(page.text) + "</p>";
  if (!page.button.empty())
    out += "<form method=\"post\"><button type=\"submit\">" + escaped(page.button) +
           "</button></form>";
  if (!page.details.empty()) out += "<pre>" + escaped(page.details) + "</pre>";
  return out + "</body></html>\n";
}

}  // namespace slipway::daemon

#include "daemon/approvals.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "base/hex.h"
#include "base/text.h"
#include "daemon/documents.h"

namespace slipway::daemon {
namespace {
constexpr std::string_view kLead = "slwa_";
constexpr std::size_t kMostNote = 1000;

std::string random_bytes(Random& random, int words) {
  std::string out;
  for (int i = 0; i < words; ++i) {
    const std::uint64_t word = random.next();
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(word >> shift & 0xff);
  }
  return out;
}

Error refused(std::string what, std::string next) {
  return {Code::Refused, std::move(what), std::move(next)};
}

Error not_valid() {
  return refused("the link is not one of this daemon's, or it was changed",
                 "open it as it came, or use: slipway approve");
}

std::string used_key(const Approvals::Link& link) {
  return "approval-link/" + link.release + "/" + link.nonce;
}
}  // namespace

Result<std::vector<plan::Approval>> Approvals::given(const std::string& release) {
  std::vector<plan::Approval> out;
  for (const auto& [key, json] : TRY(house_.store.values(plan::approval_prefix(release))))
    out.push_back(plan::approval_from_json(json));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.at_ms < b.at_ms; });
  return out;
}

Result<plan::Approval> Approvals::give(const std::string& release, plan::Approval offered) {
  const std::lock_guard lock(mutex_);
  return give_locked(release, std::move(offered));
}

Result<plan::Approval> Approvals::give_locked(const std::string& release, plan::Approval offered) {
  const auto row = TRY(house_.store.release(release));
  const auto running = releases_.running(release);
  if (running == nullptr) {
    return refused(release + " waits for nothing: it has ended" +
                       (row.outcome.empty() ? "" : ", " + replace_all(row.outcome, "_", " ")),
                   "see what runs: slipway status");
  }
  const auto& plan = running->plan();
  const auto* gate = plan::gate_step(plan, "approvals");
  if (gate == nullptr)
    return refused(release + " needs no approval", "see its plan: slipway history " + release);
  const auto view = running->view();
  const auto at = gate - plan.steps.data();
  if (view.state.step > at || is_taking_back(view.state.phase) ||
      release::is_ended(view.state.phase)) {
    return refused(release + " does not wait for approvals any more", "see it: slipway status");
  }
  if (offered.note.size() > kMostNote) offered.note.resize(kMostNote);
  offered.at_ms = house_.now_ms();
  auto accepted = TRY(plan::accept_approval(plan, TRY(given(release)), row.by, std::move(offered)));
  TRY(house_.store.set_value(plan::approval_prefix(release) + accepted.by,
                             plan::to_json(accepted)));
  house_.log.note("daemon", release + " is approved by " + accepted.by,
                  Json::object().set("release", release).set("by", accepted.by));
  return accepted;
}

// Made when the first link is; whoever can read the store can forge links.
Result<std::string> Approvals::link_key() {
  if (const auto kept = TRY(house_.store.value("approval-key"))) {
    const auto bytes = from_hex(kept->text("key"));
    if (bytes && bytes->size() == 32) return *bytes;
  }
  std::string bytes = random_bytes(house_.random, 4);
  TRY(house_.store.set_value("approval-key", Json::object().set("key", to_hex(bytes))));
  return bytes;
}

// slwa_<release>.<person>.<plan>.<expires>.<nonce>.<signature of all before>
Result<std::string> Approvals::make_link(const std::string& release, const std::string& person,
                                         Millis valid_for) {
  const std::lock_guard lock(mutex_);
  const auto running = releases_.running(release);
  if (running == nullptr) return refused(release + " waits for nothing", "slipway status");
  const std::string nonce = to_hex(random_bytes(house_.random, 2));
  const std::string text = std::string(kLead) + release + "." + to_hex(person) + "." +
                           running->plan().hash + "." +
                           std::to_string(house_.now_ms() + valid_for.count()) + "." + nonce;
  return text + "." + hmac_sha256_hex(TRY(link_key()), text);
}

Result<Approvals::Link> Approvals::read_link(const std::string& token) {
  const auto last = token.rfind('.');
  if (last == std::string::npos || !token.starts_with(kLead)) return not_valid();
  const std::string text = token.substr(0, last);
  if (!equal_in_constant_time(hmac_sha256_hex(TRY(link_key()), text), token.substr(last + 1)))
    return not_valid();
  const auto parts = split(std::string_view(text).substr(kLead.size()), '.');
  if (parts.size() != 5) return not_valid();
  const auto person = from_hex(parts[1]);
  std::int64_t expires = 0;
  const auto read = std::from_chars(parts[3].data(), parts[3].data() + parts[3].size(), expires);
  if (!person || read.ec != std::errc()) return not_valid();
  Link link{std::string(parts[0]), *person, std::string(parts[2]), std::string(parts[4])};
  if (expires <= house_.now_ms())
    return refused("the link of " + link.person + " for " + link.release + " has expired",
                   "approve it with: slipway approve, or ask for another link");
  if (TRY(house_.store.value(used_key(link))))
    return refused("the link of " + link.person + " for " + link.release + " was used already",
                   "a link approves once; see what is missing: slipway status");
  return link;
}

Result<plan::Approval> Approvals::use_link(const std::string& token) {
  const std::lock_guard lock(mutex_);
  const Link link = TRY(read_link(token));
  plan::Approval offered;
  offered.by = link.person;
  offered.plan_hash = link.plan_hash;
  offered.via = "link";
  auto accepted = TRY(give_locked(link.release, std::move(offered)));
  TRY(house_.store.set_value(used_key(link), Json::object().set("used_ms", house_.now_ms())));
  return accepted;
}

}  // namespace slipway::daemon

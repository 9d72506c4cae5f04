#pragma once
// Links in messages: each does one thing to one release, once, for a while, for whoever reads the
// channel it was sent to. There are none unless the channel has a role and the daemon an address
// outside. Looking at one changes nothing; what it does is recorded as done by "link sent to
// CHANNEL".
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "daemon/approvals.h"
#include "daemon/confirmations.h"
#include "daemon/lookout.h"

namespace slipway::daemon {

enum class LinkAction { Approve, Promote, RollBack, Confirm };
std::string_view name_of(LinkAction action);  // "roll-back"
std::string_view word_of(LinkAction action);  // "Roll back"

struct ActionLink {
  LinkAction action = LinkAction::RollBack;
  std::string release;
  std::string channel;
  std::string plan_hash;
  std::int64_t expires_ms = 0;
  std::string nonce;
  std::string item{};  // Confirm: of the checklist
};

class Links {
 public:
  static constexpr std::int64_t kValid_ms = 24 * 3'600'000;  // from the notice's time

  Links(House& house, Releases& releases, Lookout& lookout, Approvals& approvals,
        Confirmations& confirmations)
      : house_(house),
        releases_(releases),
        lookout_(lookout),
        approvals_(approvals),
        confirmations_(confirmations) {}

  // Word and address of each that this notice has in this channel. The same notice has the same
  // links each time it is sent.
  std::vector<std::pair<std::string, std::string>> of(const ports::Notice& notice,
                                                      const config::Channel& channel);
  Result<std::string> token_of(const ActionLink& link);
  // Refused when it is forged, expired, used, for another plan, or the channel may it no more.
  Result<ActionLink> read(const std::string& token);
  // Does it; what was done, in a sentence.
  Result<std::string> use(const std::string& token);

 private:
  std::vector<LinkAction> actions_for(const ports::Notice& notice, const config::Channel& channel);
  bool may_answer(const ports::Notice& notice, const config::Channel& channel);
  Result<void> may(const ActionLink& link);
  Result<std::string> confirm(const ActionLink& link);
  Result<std::string> carry_out(const ActionLink& link);
  Result<std::string> roll_back(const ActionLink& link);

  House& house_;
  Releases& releases_;
  Lookout& lookout_;
  Approvals& approvals_;
  Confirmations& confirmations_;
  std::mutex mutex_;  // two at once: the second sees that the first was used
};

// The page behind a link: what it does, and a button that does it. Everything in it is escaped.
struct LinkPage {
  std::string title;
  std::string text;
  std::string details;  // as it is, in a box of its own
  std::string button;   // empty: none
};
std::string html_of(const LinkPage& page);

}  // namespace slipway::daemon

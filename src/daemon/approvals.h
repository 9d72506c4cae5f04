#pragma once
// Approvals of releases that wait: taken one at a time, kept in the store, counted by the release
// itself. A link carries one approval of one person for one plan, signed, for a while, once.
#include <mutex>
#include <string>
#include <vector>

#include "daemon/house.h"
#include "daemon/releases.h"
#include "plan/approvals.h"

namespace slipway::daemon {

class Approvals {
 public:
  Approvals(House& house, Releases& releases) : house_(house), releases_(releases) {}

  // `offered.by` must be a sure name. Refused in words when it does not count.
  Result<plan::Approval> give(const std::string& release, plan::Approval offered);
  // Everything that was given, oldest first.
  Result<std::vector<plan::Approval>> given(const std::string& release);

  // A token that approves as `person`, once, until it expires. For messages to that person alone.
  Result<std::string> make_link(const std::string& release, const std::string& person,
                                Millis valid_for);
  struct Link {
    std::string release;
    std::string person;
    std::string plan_hash;
    std::string nonce;
  };
  // Who opens it sees this; it changes nothing. Refused when it is forged, expired or used.
  Result<Link> read_link(const std::string& token);
  Result<plan::Approval> use_link(const std::string& token);
  Result<std::string> link_key();  // signs every kind of link

 private:
  Result<plan::Approval> give_locked(const std::string& release, plan::Approval offered);

  House& house_;
  Releases& releases_;
  std::mutex mutex_;  // two at once: the second sees the first
};

}  // namespace slipway::daemon

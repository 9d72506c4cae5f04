#pragma once
// An app that stands still for as long as a verb works on its database, seen from the verb: asks
// the daemon, waits for it, and finds out where an earlier run was cut off.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/target.h"

namespace slipway::app {

// How it stands, by the daemon.
struct Stand {
  bool is_on = false;
  std::string phase;  // "stopping", "stopped", "releasing", "starting"
  std::string why;
  std::string by;
  std::string trouble;  // of a release behind the page
  std::string waits;    // for what, in words
  Json note;            // the verb's own
};

class Resting {
 public:
  // nullopt, said in words, when there is no app to stop: no daemon answers here, or nothing is
  // live. Any other trouble is one.
  static Result<std::optional<Resting>> open(const cli::Session& session, const cli::Target& target,
                                             std::function<bool()> interrupted);

  const cli::Target& target() const { return target_; }
  cli::Link& link() { return link_; }
  const std::string& live_version() const { return live_version_; }

  Result<Stand> look();
  // Returns once every instance is stopped.
  Result<void> stop_app(const std::string& why, const Json& note);
  // Puts down how far it is. What cannot be put down is done again after a crash, which harms
  // nothing.
  void put_down(const Json& note);
  // Starts the app; returns once it is healthy and has its traffic again.
  Result<void> start_app(const std::vector<std::string>& taken_back);
  // Until a release behind the page has ended.
  Result<Stand> wait_for_release();
  // Until the app serves again.
  Result<void> wait_for_end();

 private:
  Resting(const cli::Session& session, cli::Target target, cli::Link link, std::string version,
          std::function<bool()> interrupted)
      : session_(session),
        target_(std::move(target)),
        link_(std::move(link)),
        live_version_(std::move(version)),
        interrupted_(std::move(interrupted)) {}
  std::string path() const;
  Result<Stand> wait(const std::function<bool(const Stand&)>& is_there, const std::string& what);
  Result<Json> ask(const Json* body);

  const cli::Session& session_;
  cli::Target target_;
  cli::Link link_;
  std::string live_version_;
  std::function<bool()> interrupted_;
};

}  // namespace slipway::app

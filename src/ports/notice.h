#pragma once
// Notice: one thing people are told. docs/formats/notices.md says what it looks like where it
// arrives. It is sent at least once; its key makes a repetition recognisable.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "ports/outcome.h"

namespace slipway::ports {

enum class Severity { Note, Warning, Critical };
std::string_view name_of(Severity severity);  // "info", "warning", "critical"

// What a notice is in the story of its subject.
enum class Turn {
  Event,   // stands for itself
  Opens,   // somebody is needed from now on
  Closes,  // whatever was open of this subject is over
};
std::string_view name_of(Turn turn);  // "event"

struct Notice {
  std::string key;   // the same for every repetition: "r-0042/released"
  std::string kind;  // started | held | released | rolled_back | aborted | stuck | alert | resolved
  std::string subject;  // what it is about: "shop/production/r-0042"
  Severity severity = Severity::Note;
  Turn turn = Turn::Event;
  std::string app;
  std::string environment;
  std::string release;  // empty: about none
  std::string version;
  std::string live;  // the version that has the traffic now; empty: the notice does not say
  std::string by;    // who caused it; empty: slipway itself
  std::string text;  // one sentence
  std::int64_t at_ms = 0;
  std::vector<std::pair<std::string, std::string>> facts;  // name, value: shown as a list
  std::vector<std::pair<std::string, std::string>> links;  // word, address: shown as buttons
};
Json to_json(const Notice& notice);
Notice notice_from_json(const Json& json);  // what is absent is empty

class Notifier {
 public:
  virtual ~Notifier() = default;
  // Takes at most the channel's time-out. NotApplied with an error that is not retryable means that
  // this notice will never be taken there.
  virtual Outcome send(const Notice& notice) = 0;
};

}  // namespace slipway::ports

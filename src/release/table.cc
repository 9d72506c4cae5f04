#include "release/table.h"

#include <array>

#include "base/assert.h"

namespace slipway::release {
namespace {

struct Names {
  std::string_view name;
  std::string_view sentence;
};

constexpr std::array<Names, 22> kActions{{
    {"refuse", "the event has no place here"},
    {"enter", "begin with the first step"},
    {"stand", "begin once the lease is held"},
    {"settle", "observe whether the effect is there"},
    {"not-applied", "observe again later when that may help, else fail"},
    {"advance", "next step; hold at the boundary when asked to; complete after the last"},
    {"wait", "observe again later"},
    {"again", "send the effect again, at most five times, then fail"},
    {"fail", "take back, or note it and go on, as the step says"},
    {"hold", "wait for a person; thresholds stay armed"},
    {"ask-hold", "stop at the next step boundary"},
    {"unhold", "do not stop at the boundary"},
    {"promote", "a person's word instead of the verdict"},
    {"proceed", "leave the hold"},
    {"abort", "take back because a person or a newer release says so"},
    {"back-settle", "observe whether the undo is there"},
    {"back-later", "observe again later"},
    {"back-next", "the next older step that has an undo; the end after the oldest"},
    {"back-act", "send the undo; never given up"},
    {"finish", "write the end and free the lease"},
    {"turn", "next to no traffic for the new release, or its share again; then judge on"},
    {"do-without", "the fresh baseline's traffic to the old release; then judge anew beside that"},
}};

using enum Action;
using Row = std::array<Action, kEventKinds>;

// clang-format off
// Columns: Begin, Applied, NotApplied, Unknown, Settled, Pending, Absent, Bad, Inconclusive, Overdue,
//          Pause, Resume, Promote, Abort, Recovered, Narrow, Widen, Lost
constexpr std::array<Row, kPhases> kTable{{
    /* Planned */      {Enter, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse,
                        AskHold, Unhold, Refuse, Abort, Stand, Refuse, Refuse, Refuse},
    /* Acting */       {Refuse, Settle, NotApplied, Settle, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse,
                        AskHold, Unhold, Promote, Abort, Settle, Refuse, Refuse, Refuse},
    /* Settling */     {Refuse, Refuse, Refuse, Refuse, Advance, Wait, Again, Fail, Hold, Fail,
                        AskHold, Unhold, Promote, Abort, Settle, Turn, Turn, DoWithout},
    /* Held */         {Refuse, Refuse, Refuse, Refuse, Wait, Wait, Refuse, Fail, Wait, Refuse,
                        AskHold, Proceed, Proceed, Abort, Wait, Refuse, Refuse, DoWithout},
    /* BackActing */   {Refuse, BackSettle, BackLater, BackSettle, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse,
                        Refuse, Refuse, Refuse, Refuse, BackSettle, Refuse, Refuse, Refuse},
    /* BackSettling */ {Refuse, Refuse, Refuse, Refuse, BackNext, Wait, BackAct, BackAct, Wait, BackAct,
                        Refuse, Refuse, Refuse, Refuse, BackSettle, Refuse, Refuse, Refuse},
    /* Completed */    {Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse,
                        Refuse, Refuse, Refuse, Refuse, Finish, Refuse, Refuse, Refuse},
    /* RolledBack */   {Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse,
                        Refuse, Refuse, Refuse, Refuse, Finish, Refuse, Refuse, Refuse},
    /* Aborted */      {Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse, Refuse,
                        Refuse, Refuse, Refuse, Refuse, Finish, Refuse, Refuse, Refuse},
}};
// clang-format on

constexpr std::array<std::string_view, kPhases> kPhaseNames{
    "planned",       "acting",    "settling",    "held",   "back-acting",
    "back-settling", "completed", "rolled-back", "aborted"};

constexpr std::array<std::string_view, kEventKinds> kEventNames{
    "begin",   "applied", "not-applied",  "unknown", "settled", "pending",
    "absent",  "bad",     "inconclusive", "overdue", "pause",   "resume",
    "promote", "abort",   "recovered",    "narrow",  "widen",   "lost"};

constexpr std::array<std::string_view, 8> kEffectNames{
    "none", "begin", "act", "observe", "guard", "back-act", "back-observe", "finish"};
constexpr std::array<std::string_view, kCauses> kCauseNames{"none",     "failure",    "verdict",
                                                            "operator", "superseded", "gate"};

}  // namespace

Action action_for(Phase phase, EventKind event) {
  return kTable[static_cast<std::size_t>(phase)][static_cast<std::size_t>(event)];
}

std::string_view name_of(Action action) { return kActions[static_cast<std::size_t>(action)].name; }
std::string_view sentence_of(Action action) {
  return kActions[static_cast<std::size_t>(action)].sentence;
}
std::string_view name_of(Phase phase) { return kPhaseNames[static_cast<std::size_t>(phase)]; }
std::string_view name_of(EventKind kind) { return kEventNames[static_cast<std::size_t>(kind)]; }
std::string_view name_of(Effect effect) { return kEffectNames[static_cast<std::size_t>(effect)]; }
std::string_view name_of(Cause cause) { return kCauseNames[static_cast<std::size_t>(cause)]; }

std::string states_page() {
  std::string out =
      "# The states of a release\n\n"
      "Generated from `src/release/table.cc` (a test keeps this page true). Rows are phases, "
      "columns events;\n"
      "an empty cell is a refusal. What each action does stands below the table.\n\n| phase |";
  for (auto name : kEventNames) out += " " + std::string(name) + " |";
  out += "\n|---|";
  for (int i = 0; i < kEventKinds; ++i) out += "---|";
  for (int p = 0; p < kPhases; ++p) {
    out += "\n| **" + std::string(kPhaseNames[static_cast<std::size_t>(p)]) + "** |";
    for (int e = 0; e < kEventKinds; ++e) {
      const auto action = kTable[static_cast<std::size_t>(p)][static_cast<std::size_t>(e)];
      out += action == Refuse ? "  |" : " " + std::string(name_of(action)) + " |";
    }
  }
  out += "\n\n| action | what it does |\n|---|---|\n";
  for (const auto& action : kActions) {
    out += "| " + std::string(action.name) + " | " + std::string(action.sentence) + " |\n";
  }
  out +=
      "\n```mermaid\nstateDiagram-v2\n"
      "  [*] --> planned\n  planned --> acting: begin\n  acting --> settling: applied, unknown, "
      "recovered\n"
      "  settling --> acting: settled (next step), absent\n  settling --> held: inconclusive, or "
      "paused at a boundary\n"
      "  held --> acting: resume, promote\n  settling --> acting: narrow, widen, lost\n  held --> "
      "acting: lost\n  settling --> "
      "completed: settled (last step)\n"
      "  acting --> back_settling: not-applied\n  settling --> back_settling: bad, overdue, abort\n"
      "  held --> back_settling: bad, abort\n  back_settling --> back_acting: absent\n"
      "  back_acting --> back_settling: applied, unknown, not-applied, recovered\n"
      "  back_settling --> rolled_back: settled (oldest step)\n  back_settling --> aborted: "
      "settled (oldest step)\n"
      "  completed --> [*]\n  rolled_back --> [*]\n  aborted --> [*]\n```\n";
  return out;
}

}  // namespace slipway::release

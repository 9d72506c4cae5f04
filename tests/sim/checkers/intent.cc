#include "checkers.h"

namespace slipway::sim {

// … and an op-id is never sent twice: a platform would take the second for done.
// The reaper acts on the store's live row, between releases; its op-ids say so.
Problem check_intent(Universe& universe, const std::string& op_step) {
  for (const char* own : {"reap-", "revive", "refresh"}) {
    if (op_step.rfind(own, 0) == 0) return std::nullopt;
  }
  const auto record = universe.store.last_record(universe.release);
  if (!record || !*record) return "intent: " + op_step + " is done but nothing is journaled";
  const std::string& op = (*record)->op;
  if (op.find("/" + op_step + "/") == std::string::npos) {
    return "intent: " + op_step + " is done but the journal's last record announces '" + op + "'";
  }
  if (universe.last_op == op) return "intent: " + op + " is sent twice";
  universe.last_op = op;
  return std::nullopt;
}

}  // namespace slipway::sim

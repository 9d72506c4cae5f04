#include "cli/run.h"

#include <fmt/core.h>

#include "base/text.h"
#include "cli/entries.h"
#include "cli/help.h"

namespace slipway::cli {
namespace {
constexpr Entry kEntries[] = {
    {"init", run_init},
    {"check", run_check},
    {"config", run_config},
    {"plan", run_plan},
    {"deploy", run_deploy},
    {"rollback", run_rollback},
    {"readiness", run_readiness},
    {"approve", run_approve},
    {"confirm", run_confirm},
    {"promote", run_promote},
    {"pause", run_pause},
    {"resume", run_resume},
    {"abort", run_abort},
    {"maintenance on", run_maintenance_on},
    {"maintenance off", run_maintenance_off},
    {"status", run_status},
    {"history", run_history},
    {"channel test", run_channel_test},
    {"incident open", run_incident_open},
    {"incident assess", run_incident_assess},
    {"incident close", run_incident_close},
    {"incident list", run_incident_list},
    {"incident show", run_incident_show},
    {"judge", run_judge},
    {"logs", run_logs},
    {"daemon token create", run_token_create},
    {"daemon token list", run_token_list},
    {"daemon token revoke", run_token_revoke},
    {"version", run_version},
    {"help", run_help},
    {"completion", run_completion},
    {"man", run_man},
};

Run find(std::span<const Entry> entries, std::string_view verb) {
  for (const auto& entry : entries) {
    if (entry.verb == verb) return entry.run;
  }
  return nullptr;
}

// Before a verb is known there is no session to print with.
int refuse(const Surroundings& around, const std::string& what, const std::string& next) {
  std::fprintf(around.err, "slipway: %s\nnext: %s\n", what.c_str(), next.c_str());
  return facts_of(Code::Usage).exit_code;
}

int unknown_verb(const Surroundings& around, const Wanted& wanted) {
  if (wanted.unknown.empty() || !below(wanted.unknown).empty()) {
    const std::string more = wanted.unknown.empty() ? "" : " " + wanted.unknown;
    if (wanted.unknown.empty()) {
      std::fputs(overview().c_str(), around.err);
      return facts_of(Code::Usage).exit_code;
    }
    std::vector<std::string> names;
    for (const auto* verb : below(wanted.unknown)) names.emplace_back(verb->name);
    return refuse(around, fmt::format("slipway{} needs one more word", more),
                  "one of: " + join(names, ", "));
  }
  std::vector<std::string> known;
  for (const auto& verb : verbs()) {
    if (verb.group != Group::Hidden) known.emplace_back(verb.name);
  }
  const auto near = nearest(wanted.unknown, known);
  return refuse(around, fmt::format("there is no verb \"{}\"", wanted.unknown),
                near ? fmt::format("did you mean slipway {}? All verbs: slipway help", *near)
                     : "all verbs: slipway help");
}

bool asks_for_help(const std::vector<std::string>& words) {
  return !words.empty() && (words[0] == "--help" || words[0] == "-h");
}
}  // namespace

std::span<const Entry> own_entries() { return kEntries; }

int run(const std::vector<std::string>& words, const Surroundings& around,
        std::span<const Entry> more) {
  if (asks_for_help(words)) {
    std::fputs(overview().c_str(), around.out);
    return 0;
  }
  const bool is_version = !words.empty() && (words[0] == "--version" || words[0] == "-V");
  const Wanted wanted = wanted_verb(is_version ? std::vector<std::string>{"version"} : words);
  if (wanted.verb == nullptr) return unknown_verb(around, wanted);
  auto given = parse(*wanted.verb, wanted.words);
  if (!given) return Session(around, Given(*wanted.verb)).fail(given.error());
  Session session(around, std::move(given).value());
  if (session.given().has("--help")) {
    session.print(help_of(*wanted.verb));
    return 0;
  }
  // Whoever adds to a verb of this room stands before it.
  Run verb = find(more, wanted.verb->name);
  if (verb == nullptr) verb = find(kEntries, wanted.verb->name);
  if (verb == nullptr) {
    return session.fail(
        Error(Code::Unsupported, fmt::format("this build has no {}", wanted.verb->name)));
  }
  return verb(session);
}

}  // namespace slipway::cli

// The table's rows about incidents.
#include "cli/verbs.h"

namespace slipway::cli {
namespace {
using enum Need;

constexpr Option kApp = {
    .name = "--app", .value = "NAME", .help = "the app, when there is no slipway.yaml to name it"};
constexpr Argument kEnvironment[] = {
    {"ENV", "environment; may be left out when there is only one", Optional}};
constexpr Argument kId[] = {{"ID", "of the incident, as `slipway incident list` shows it"}};

constexpr Option kOpen[] = {
    {.name = "--severity",
     .value = "SEV",
     .help = "sev1: roll back at once; sev2: assess within incidents.assess_within; sev3: on the "
             "list for the next release",
     .otherwise = "sev2",
     .choices = "sev1 sev2 sev3"},
    {.name = "--impact", .value = "TEXT", .help = "what customers feel; must be said"},
    {.name = "--release",
     .value = "ID",
     .help = "what it is about; default: the release that gets its first traffic, else the live "
             "one"},
    kApp,
};
constexpr Option kAssess[] = {
    {.name = "--roll-back", .help = "roll back the release it is about"},
    {.name = "--keep", .help = "let it be; the clock stops"},
    {.name = "--reason", .value = "TEXT", .help = "kept, and told"},
    {.name = "--eta", .value = "TEXT", .help = "when it will be over, for the message"},
};
constexpr Option kClose[] = {
    {.name = "--resolution", .value = "TEXT", .help = "what was done; must be said"},
};
constexpr Option kList[] = {
    kApp,
    {.name = "--open", .help = "only those that are not closed"},
    {.name = "--limit", .letter = "-n", .value = "N", .help = "how many", .otherwise = "20"},
};
constexpr Option kShow[] = {
    {.name = "--message", .help = "only the message, to be sent on"},
    {.name = "--markdown", .help = "the timeline as Markdown, for a report"},
};

constexpr Verb kVerbs[] = {
    {.name = "incident open",
     .group = Group::Release,
     .summary = "say that something is wrong for customers",
     .detail =
         "SEV1 rolls the release back at once. SEV2 starts a clock: whoever assesses it within "
         "incidents.assess_within says what happens, else the release is rolled back (or held, as "
         "incidents.on_expiry says), and that is told beforehand. SEV3 goes on the list that the "
         "next deploy shows. Those whom notify names for incident are told.",
     .arguments = kEnvironment,
     .options = kOpen,
     .example = "slipway incident open production --severity sev1 --impact \"checkout is down\"",
     .output = "i-0007  SEV1 in production of shopflow, about r-0042 (v1.5.0)\n\n"
               "DEPLOYMENT INCIDENT\n\nStatus: Investigating\nSeverity: SEV1\n"
               "Impact: checkout is down\nStart Time: 2026-11-21T10:31:02Z\n"
               "Resolution: rolling back v1.5.0 (r-0042): r-0043 goes back to v1.4.2\n"
               "ETA: about 2026-11-21T10:31:03Z\n…"},
    {.name = "incident assess",
     .group = Group::Release,
     .summary = "decide about an incident: roll back, or not",
     .arguments = kId,
     .options = kAssess,
     .example = "slipway incident assess i-0007 --keep --reason \"a bank is down, not we\"",
     .output = "i-0007: it stays as it is: a bank is down, not we"},
    {.name = "incident close",
     .group = Group::Release,
     .summary = "say that an incident is over",
     .arguments = kId,
     .options = kClose,
     .example = "slipway incident close i-0007 --resolution \"rolled back to v1.4.2\"",
     .output = "i-0007: resolved: rolled back to v1.4.2"},
    {.name = "incident list",
     .group = Group::Look,
     .summary = "incidents, newest first",
     .arguments = kEnvironment,
     .options = kList,
     .example = "slipway incident list production --open",
     .output = "i-0007  2026-11-21 10:31  SEV1  identified  shopflow production  r-0042  "
               "checkout is down"},
    {.name = "incident show",
     .group = Group::Look,
     .summary = "an incident, its message, or its timeline",
     .arguments = kId,
     .options = kShow,
     .example = "slipway incident show i-0007 --message",
     .output = "DEPLOYMENT INCIDENT\n\nStatus: Identified\nSeverity: SEV1\n"
               "Impact: checkout is down\nStart Time: 2026-11-21T10:31:02Z\n"
               "Resolution: v1.4.2 (r-0041) has the traffic again\n"
               "ETA: it has no traffic any more"},
};
}  // namespace

std::span<const Verb> incident_verbs() { return kVerbs; }

}  // namespace slipway::cli

// The table itself. A verb's function stands in src/cli/ under the verb's name, or in src/app/ when
// it needs more than the API.
#include "cli/verbs.h"

namespace slipway::cli {
namespace {
using enum Need;
constexpr auto kMany = Option::Times::Many;

constexpr Option kGlobal[] = {
    {.name = "--state",
     .value = "DIR",
     .help = "state folder of the daemon (or SLIPWAY_STATE); default /var/lib/slipway for root, "
             "else ~/.local/state/slipway"},
    {.name = "--file",
     .letter = "-f",
     .value = "FILE",
     .help = "the configuration; default: slipway.yaml here or in a folder above"},
    {.name = "--json", .help = "print JSON: one document, or one per line when following"},
    {.name = "--no-color", .help = "plain text, also with NO_COLOR set"},
    {.name = "--quiet", .letter = "-q", .help = "only results and errors"},
    {.name = "--help", .letter = "-h", .help = "this text"},
};

constexpr Option kApp = {
    .name = "--app", .value = "NAME", .help = "the app, when there is no slipway.yaml to name it"};
constexpr Option kReason = {.name = "--reason", .value = "TEXT", .help = "kept in the history"};
constexpr Option kYes = {.name = "--yes", .letter = "-y", .help = "do not ask on a terminal"};
constexpr Argument kEnvironment = {"ENV", "environment; may be left out when there is only one",
                                   Optional};
constexpr Argument kRunning = {
    "ENV", "environment, or the id of a release; may be left out when there is only one", Optional};
constexpr Argument kVersion = {"VERSION", "what ${version} becomes in slipway.yaml"};

constexpr Option kInitOptions[] = {
    {.name = "--app", .value = "NAME", .help = "name of the app; default: the folder's name"},
};
constexpr Option kConfigOptions[] = {
    {.name = "--resolved", .help = "every value in use, and where it comes from (the default)"},
    {.name = "--schema", .help = "the JSON Schema of slipway.yaml, for editors"},
};
constexpr Argument kEnvironmentVersion[] = {kEnvironment, kVersion};
constexpr Option kPlanOptions[] = {
    {.name = "--override",
     .value = "GATE",
     .help = "as if this gate were left out",
     .times = kMany},
    {.name = "--hotfix", .help = "as if it were a hotfix"},
    kReason,
    {.name = "--offline", .help = "without a daemon: as if nothing had been released here before"},
};
constexpr Option kDeployOptions[] = {
    {.name = "--detach", .letter = "-d", .help = "do not follow; print the release's id"},
    {.name = "--no-follow", .help = "the same as --detach"},
    {.name = "--follow", .help = "follow until the end (the default)"},
    {.name = "--until",
     .value = "POINT",
     .help = "when to stop following: promoted (all traffic is on the new release) or done",
     .otherwise = "done",
     .choices = "promoted done"},
    {.name = "--supersede", .help = "take back a release that is running here, then begin"},
    {.name = "--override",
     .value = "GATE",
     .help =
         "leave this gate out, or one item as checklist.NAME; with --reason, by who may approve",
     .times = kMany},
    {.name = "--hotfix", .help = "leave out the gates that hotfix.skips names; with --reason"},
    kReason,
    kYes,
};
constexpr Argument kOneEnvironment[] = {kEnvironment};
constexpr Argument kOneRunning[] = {kRunning};
constexpr Option kStatusOptions[] = {
    kApp,
    {.name = "--watch", .letter = "-w", .help = "again every second, until Ctrl-C"},
};
constexpr Option kCommandOptions[] = {kApp, kReason};
constexpr Option kReadinessOptions[] = {
    {.name = "--offline", .help = "without a daemon: what it would show has no points"},
    {.name = "--least",
     .value = "POINTS",
     .help = "exit status 3 when it has fewer",
     .otherwise = "0"},
};
constexpr Argument kChannelArguments[] = {kEnvironment,
                                          {"CHANNEL", "only this one; default: all", Optional}};
constexpr Option kChannelOptions[] = {
    kApp,
    {.name = "--wait",
     .value = "SECONDS",
     .help = "how long to wait for their answers",
     .otherwise = "30"},
};
constexpr Argument kConfirmArguments[] = {kRunning, {"ITEM", "the item's name in the checklist"}};
constexpr Option kConfirmOptions[] = {kApp, kReason, kYes};
constexpr Option kApproveOptions[] = {
    kApp,
    {.name = "--plan",
     .value = "HASH",
     .help = "only if this is its plan, or begins so; default: the plan that is shown"},
    kReason,
    {.name = "--link-for",
     .value = "NAME",
     .help = "do not approve: make a link with which NAME can, once"},
    {.name = "--valid",
     .value = "DURATION",
     .help = "how long the link is valid",
     .otherwise = "24h"},
    kYes,
};
constexpr Option kPromoteOptions[] = {
    kApp, kReason, {.name = "--full", .help = "skip every judge period that is left"}};
constexpr Argument kRollbackArguments[] = {
    kEnvironment,
    {"VERSION", "version or release id to go back to; default: the newest good one before the live",
     Optional}};
constexpr Option kRollbackOptions[] = {
    kApp,
    {.name = "--detach", .letter = "-d", .help = "do not follow; print the release's id"},
    {.name = "--no-follow", .help = "the same as --detach"},
    {.name = "--until",
     .value = "POINT",
     .help = "when to stop following: promoted or done",
     .otherwise = "done",
     .choices = "promoted done"},
    {.name = "--supersede", .help = "take back a release that is running here, then begin"},
    {.name = "--with-database",
     .help = "run the down scripts of what took away what the earlier release needs, first; says "
             "what that loses"},
    {.name = "--restore",
     .help = "with --with-database: go back to the restore point instead, the app stopped "
             "meanwhile; says first what was written since"},
    {.name = "--name",
     .value = "POINT",
     .help = "with --restore: this restore point, not the one before what has to go"},
    {.name = "--disconnect",
     .help = "with --restore: end sessions that are still there once the app is stopped"},
    {.name = "--accept-loss", .help = "lose it"},
    {.name = "--yes", .letter = "-y", .help = "with --restore: the same as --accept-loss"},
};
constexpr Argument kHistoryArguments[] = {
    {"ENV", "environment, or the id of a release to see it whole", Optional}};
constexpr Option kHistoryOptions[] = {
    kApp,
    {.name = "--limit", .letter = "-n", .value = "N", .help = "how many", .otherwise = "20"},
};
constexpr Option kJudgeOptions[] = {
    {.name = "--replay", .value = "RELEASE", .help = "judge it again, from what was kept of it"},
};
constexpr Argument kLogsArguments[] = {{"SERVICE", "only this service", Optional}};
constexpr Option kLogsOptions[] = {
    kApp,
    {.name = "--env",
     .letter = "-e",
     .value = "ENV",
     .help = "environment; may be left out when there is only one"},
    {.name = "--follow", .letter = "-f", .help = "go on until Ctrl-C"},
    {.name = "--lines",
     .letter = "-n",
     .value = "N",
     .help = "how many lines of each instance",
     .otherwise = "100"},
    {.name = "--release", .value = "ID", .help = "of this release; default: the live one"},
};
constexpr Option kMaintenanceOn[] = {
    kApp,
    {.name = "--message", .letter = "-m", .value = "TEXT", .help = "shown on the page"},
    {.name = "--retry-after",
     .value = "DURATION",
     .help = "sent as Retry-After; default: maintenance.retry_after of slipway.yaml"},
    {.name = "--allow",
     .value = "CIDR",
     .help = "addresses that pass; may be given several times",
     .times = kMany},
    kReason,
};
constexpr Option kMaintenanceOff[] = {kApp, kReason};
constexpr Argument kDevArguments[] = {{"VERSION", "what to release", Optional}};
constexpr Option kDevOptions[] = {
    {.name = "--env",
     .letter = "-e",
     .value = "ENV",
     .help = "environment of slipway.yaml; default: the only one, or the first"},
    {.name = "--listen",
     .value = "ADDRESS",
     .help = "where the app answers",
     .otherwise = "127.0.0.1:8080"},
};
constexpr Option kDaemonOptions[] = {
    {.name = "--listen",
     .value = "ADDRESS",
     .help = "also answer on loopback TCP, with tokens: 127.0.0.1:7878"},
    {.name = "--socket",
     .value = "PATH",
     .help = "the unix socket; default: daemon.sock in the state folder"},
    {.name = "--log-file", .value = "FILE", .help = "log there; default: standard error"},
    {.name = "--external-url",
     .value = "URL",
     .help = "where people reach this API from outside, through a proxy with TLS: messages to "
             "channels with a role carry links"},
    {.name = "--keep-notices",
     .value = "DURATION",
     .help = "how long alerts and other notices of no release are kept",
     .otherwise = "90d"},
};
constexpr Option kTokenCreate[] = {
    {.name = "--role",
     .value = "ROLE",
     .help = "what it may do",
     .otherwise = "deployer",
     .choices = "viewer deployer approver admin"},
};
constexpr Argument kTokenName[] = {{"NAME", "who or what will use it; shown in the history"}};
constexpr Argument kTokenId[] = {{"ID", "as `slipway daemon token list` shows it"}};
constexpr Option kManOptions[] = {
    {.name = "--markdown", .help = "as docs/reference/cli.md"},
};
constexpr Argument kShell[] = {{"SHELL", "bash, zsh or fish", Required, "bash zsh fish"}};
constexpr Argument kHelpArguments[] = {{"VERB", "one or more words", Optional},
                                       {"VERB2", "second word", Optional},
                                       {"VERB3", "third word", Optional}};

constexpr Verb kVerbs[] = {
    {.name = "init",
     .group = Group::Start,
     .summary = "write a slipway.yaml to begin with",
     .detail = "Writes a commented slipway.yaml into this folder (or to -f FILE). An existing file "
               "is never touched.",
     .options = kInitOptions,
     .example = "slipway init --app shopflow",
     .output = "wrote slipway.yaml\nnext: say in services.web.run how the app starts, then: "
               "slipway check"},
    {.name = "check",
     .group = Group::Start,
     .summary = "look slipway.yaml over and report every mistake",
     .detail = "Every mistake is reported at once, with line, column and what was probably meant. "
               "Exit status 2 when there is one.",
     .example = "slipway check",
     .output = "slipway.yaml: shopflow, environments production and staging: no mistakes"},
    {.name = "config",
     .group = Group::Start,
     .summary = "show every value in use and where it comes from",
     .detail = "Secrets show as references; their values are never read by this verb.",
     .options = kConfigOptions,
     .example = "slipway config --resolved",
     .output = "app                    shopflow  slipway.yaml:3:6\n"
               "services.web.drain     10s       slipway.yaml:14:12\n"
               "services.web.stop.signal  TERM   default"},
    {.name = "dev",
     .group = Group::Start,
     .summary = "edge, daemon and the app in the foreground, nothing installed",
     .detail =
         "Starts edge and daemon for this one app with their state in a temporary folder, "
         "releases VERSION (default: dev), and shows what the app prints. Ctrl-C stops all of "
         "it, the app included. With --state DIR the folder is kept.",
     .arguments = kDevArguments,
     .options = kDevOptions,
     .example = "slipway dev v1.0.0",
     .output = "the app answers on http://127.0.0.1:8080 (Ctrl-C stops everything)"},
    {.name = "plan",
     .group = Group::Release,
     .summary = "what a release would do, step by step, without doing it",
     .detail = "The daemon adds what it knows: what is live, what platform and router can do, and "
               "what a look before the release finds. Exit status 3 when one of the findings would "
               "stop the release.",
     .arguments = kEnvironmentVersion,
     .options = kPlanOptions,
     .example = "slipway plan production v1.5.0",
     .output =
         "shopflow in production: v1.4.2 -> v1.5.0 (canary)\nplan 5b1f0c9d2e11\n\n"
         " 1. look before anything is changed\n    if it fails: stop here, nothing has changed"},
    {.name = "readiness",
     .group = Group::Release,
     .summary = "what an environment has in place, in points, and what is missing",
     .detail = "Out of 100: 76 by the configuration, 24 by what the daemon has seen (releases, a "
               "rollback "
               "that was tried, health, certificates, channels, backups). Every missing point says "
               "what to "
               "do next. With --least it is a check for a pipeline.",
     .arguments = kOneEnvironment,
     .options = kReadinessOptions,
     .example = "slipway readiness production",
     .output =
         "shopflow production: 94 of 100, good\n   0/6   approvals   one person alone can release\n"
         "         next: roles: { qa: [NAME] }, and approvals: { from: [qa] }"},
    {.name = "channel test",
     .group = Group::Release,
     .summary = "send a test message, and see whether the channels take it",
     .detail = "It goes the way of every notice: through the outbox, again and again until it was "
               "taken or the channel says no for good. Channels are those of slipway.yaml, also "
               "before the first release. PagerDuty gets a change event, which pages nobody; of "
               "Sentry it is asked whether it would take a mark. A channel that took one counts in "
               "`slipway readiness` for 30 days. Exit status 1 when one has not.",
     .arguments = kChannelArguments,
     .options = kChannelOptions,
     .example = "slipway channel test production",
     .output = "mail: accepted\nteam: accepted"},
    {.name = "deploy",
     .group = Group::Release,
     .summary = "release a version",
     .detail =
         "Follows the release: a live timeline on a terminal, plain lines in a pipe, JSON "
         "lines with --json. Ctrl-C lets go of it and the release goes on.\n\n"
         "Gates come first: a release waits for the window of its environment, and is refused at "
         "once when that cannot open in time. In an emergency --hotfix --reason TEXT is the short "
         "path; the reason stands in the history.\n\n"
         "Exit status: 0 the version is live · 1 it could not be started · 3 refused by a gate "
         "· 4 rolled back · 5 aborted · 6 the daemon does not answer.",
     .arguments = kEnvironmentVersion,
     .options = kDeployOptions,
     .example = "slipway deploy production v1.5.0 | tail -n 3",
     .output = "10:31:22  18/19 watch              done    watch v1.5.0 for 30s (30.0s): watched\n"
               "10:31:22  19/19 notify             done    tell that it is done (4ms)\n"
               "10:31:22  r-0042 completed: v1.5.0 is live in production (took 41s)"},
    {.name = "approve",
     .group = Group::Release,
     .summary = "say yes to a release that waits for approvals",
     .detail =
         "Shows the plan and approves exactly that plan, as the owner of SLIPWAY_TOKEN or as the "
         "user at this end of the socket. Who asked for the release cannot approve it. With "
         "--link-for an admin makes a link for a message to that person alone.\n\n"
         "Exit status 3 when the approval does not count, with the reason.",
     .arguments = kOneRunning,
     .options = kApproveOptions,
     .example = "slipway approve production",
     .output = "r-0042: approved by kim (qa)"},
    {.name = "confirm",
     .group = Group::Release,
     .summary = "confirm items of the checklist that a person is asked",
     .detail =
         "Records the answer: who, when, and for which plan. Each item is asked once, and may be "
         "confirmed before the release gets there. To say no, abort the release.",
     .arguments = kConfirmArguments,
     .options = kConfirmOptions,
     .example = "slipway confirm production support",
     .output = "r-0042: support is confirmed by kim"},
    {.name = "promote",
     .group = Group::Release,
     .summary = "do not wait any longer at this step",
     .detail =
         "Ends the judge period that runs, or the hold. The thresholds of the steps that follow "
         "stay armed; with --full their periods are skipped.",
     .arguments = kOneRunning,
     .options = kPromoteOptions,
     .example = "slipway promote production",
     .output = "r-0042: promote taken, now settling"},
    {.name = "pause",
     .group = Group::Release,
     .summary = "stop a release at its next step boundary",
     .detail =
         "What is under way is finished first. Thresholds stay armed: a release that turns bad "
         "while it is paused is still taken back.",
     .arguments = kOneRunning,
     .options = kCommandOptions,
     .example = "slipway pause production --reason \"waiting for the shop's newsletter\"",
     .output = "r-0042: pause taken, now settling"},
    {.name = "resume",
     .group = Group::Release,
     .summary = "let a paused or held release go on",
     .arguments = kOneRunning,
     .options = kCommandOptions,
     .example = "slipway resume production",
     .output = "r-0042: resume taken, now acting"},
    {.name = "abort",
     .group = Group::Release,
     .summary = "take the running release back",
     .detail = "Everything done so far is undone, newest first. A release that is live already is "
               "taken back with slipway rollback.",
     .arguments = kOneRunning,
     .options = kCommandOptions,
     .example = "slipway abort production --reason \"wrong version\"",
     .output = "r-0042: abort taken, now back-settling"},
    {.name = "rollback",
     .group = Group::Release,
     .summary = "go back to an earlier release",
     .detail =
         "While the old instances are warm this is one switch. Code and configuration go back "
         "together, as they were released.\n\n"
         "The database stays as it is: what was added is no trouble to the earlier release. One "
         "whose columns are gone cannot come back, unless --with-database takes back what removed "
         "them: what that would lose is counted and named first, and it is done only when nothing "
         "is lost, or with --accept-loss. Where down scripts cannot do it, --restore puts the "
         "database back as it was before: behind the maintenance page, with the app stopped.",
     .arguments = kRollbackArguments,
     .options = kRollbackOptions,
     .example = "slipway rollback production | tail -n 1",
     .output = "10:52:03  r-0043 completed: v1.4.2 is live in production (took 310ms)"},
    {.name = "maintenance on",
     .group = Group::Release,
     .summary = "show the maintenance page",
     .detail = "Health checks stay up. The page stays, through restarts and releases, until it is "
               "switched off.",
     .arguments = kOneEnvironment,
     .options = kMaintenanceOn,
     .example = "slipway maintenance on production --message \"Back at 12:00\" --allow 10.0.0.0/8",
     .output = "production of shopflow: maintenance is on"},
    {.name = "maintenance off",
     .group = Group::Release,
     .summary = "serve again",
     .arguments = kOneEnvironment,
     .options = kMaintenanceOff,
     .example = "slipway maintenance off production",
     .output = "production of shopflow: maintenance is off"},
    {.name = "status",
     .group = Group::Look,
     .summary = "what runs where, and what is going on",
     .detail = "Inside a project: the environments of its app. Elsewhere: everything the daemon "
               "knows.",
     .arguments = kOneEnvironment,
     .options = kStatusOptions,
     .example = "slipway status production",
     .output = "shopflow production  serve  https://www.shopflow.example\n"
               "  live        v1.5.0  r-0042  canary, by kim, 12m ago\n"
               "  previous    v1.4.2  r-0041  warm for another 48m\n"
               "  web         3 of 3 healthy  v1.5.0  live\n"
               "  traffic     v1.5.0 100%  20.1 requests/s, 0% errors, p95 12 ms"},
    {.name = "history",
     .group = Group::Look,
     .summary = "past releases, or everything about one of them",
     .detail =
         "With a release's id: who, what, when, its plan, and every record of its journal with "
         "the evidence for each decision.",
     .arguments = kHistoryArguments,
     .options = kHistoryOptions,
     .example = "slipway history production -n 2",
     .output = "r-0042  2026-11-21 10:31  shopflow production  v1.5.0  completed    kim  live\n"
               "r-0041  2026-11-20 15:02  shopflow production  v1.4.2  completed    kim"},
    {.name = "judge",
     .group = Group::Look,
     .summary = "the verdicts of a release, judged again from what was kept",
     .detail =
         "Every decision of the judge: its sentence, its numbers, and whether the settings and "
         "counts that are kept with it lead to the same decision, to the last digit. With "
         "--json the counts of every look as well.\n\n"
         "Exit status 1 when one of them comes out otherwise.",
     .options = kJudgeOptions,
     .example = "slipway judge --replay r-0042",
     .output = "10:31:20  judge-10  Passed: 0 of 1,204 canary responses failed (0%) …\n"
               "          again from 9 ticks: the same, to the last digit"},
    {.name = "logs",
     .group = Group::Look,
     .summary = "what the app's instances print",
     .arguments = kLogsArguments,
     .options = kLogsOptions,
     .example = "slipway logs web -n 2",
     .output = "web/r-0042/0 | listening on 20011\nweb/r-0042/1 | listening on 20012"},
    {.name = "daemon",
     .group = Group::Serve,
     .summary = "run the daemon",
     .detail =
         "The control plane: plans, runs and remembers releases. It may be killed and started "
         "again at any time; traffic does not notice, and what it was doing goes on.",
     .options = kDaemonOptions,
     .example = "slipway daemon --state /var/lib/slipway",
     .output = "{\"time\":\"2026-11-21T10:31:07.001Z\",\"level\":\"info\",\"room\":\"daemon\","
               "\"message\":\"slipway 0.1.0 is ready\"}"},
    {.name = "daemon token create",
     .group = Group::Serve,
     .summary = "make a token for the API on TCP",
     .detail =
         "The token is shown this once; the daemon keeps its hash only. Roles: viewer reads · "
         "deployer releases · approver promotes · admin makes tokens.",
     .arguments = kTokenName,
     .options = kTokenCreate,
     .example = "slipway daemon token create ci --role deployer",
     .output = "slw_1f0c9d2e6b0a77c1_5b…"},
    {.name = "daemon token list",
     .group = Group::Serve,
     .summary = "the tokens, without their secrets",
     .example = "slipway daemon token list",
     .output = "1f0c9d2e6b0a77c1  ci  deployer  by kim  2026-11-21 10:31"},
    {.name = "daemon token revoke",
     .group = Group::Serve,
     .summary = "make a token worthless",
     .arguments = kTokenId,
     .example = "slipway daemon token revoke 1f0c9d2e6b0a77c1",
     .output = "revoked 1f0c9d2e6b0a77c1"},
    {.name = "version",
     .group = Group::About,
     .summary = "the version of this binary",
     .example = "slipway version",
     .output = "slipway 0.1.0"},
    {.name = "help",
     .group = Group::About,
     .summary = "this list, or everything about one verb",
     .arguments = kHelpArguments,
     .example = "slipway help deploy | head -n 1",
     .output = "slipway deploy [ENV] VERSION: release a version"},
    {.name = "completion",
     .group = Group::About,
     .summary = "completion for a shell",
     .detail =
         "bash: slipway completion bash > ~/.local/share/bash-completion/completions/slipway\n"
         "zsh: slipway completion zsh > a file _slipway in a folder of $fpath\n"
         "fish: slipway completion fish > ~/.config/fish/completions/slipway.fish",
     .arguments = kShell,
     .example = "slipway completion bash | head -n 1",
     .output = "# bash completion for slipway; made by: slipway completion bash"},
    {.name = "man",
     .group = Group::About,
     .summary = "the manual page, as roff",
     .options = kManOptions,
     .example = "slipway man | man -l -",
     .output = "SLIPWAY(1)"},
    {.name = "shim", .group = Group::Hidden, .summary = "keeps one process of an app"},
};
}  // namespace

std::span<const Verb> verbs() {
  static const std::vector<Verb> all = [] {
    std::vector<Verb> out(std::begin(kVerbs), std::end(kVerbs));
    for (const auto more : {edge_verbs(), incident_verbs(), migrate_verbs(), lint_verbs(),
                            database_verbs(), backup_verbs()})
      out.insert(out.end(), more.begin(), more.end());
    return out;
  }();
  return all;
}
std::span<const Option> global_options() { return kGlobal; }

}  // namespace slipway::cli

#include "config/load_test_kit.h"

namespace slipway::config {
namespace {

// A file in which every line that can be wrong is wrong, with what must be said about it.
constexpr std::string_view kTwentyMistakes = R"(app: Shop_Flow
services:
  web:
    run: node versions/${VERSION}/server.js
    instnaces: 3
    instances: 0
    port: 3000
    health: { path: health, interval: 5 }
    drain: soon
    needs: [wroker]
    secrets: [DATABSE_URL]
    drain: 40s
  worker:
    port: none
    paths: [/api]
    run: y
    image: x
    needs: [web_2]
  web_2: { run: a, limits: { memory: 512MB } }
secrets:
  DATABASE_URL: { env: A, file: /x }
smoke:
  - { get: /health, run: x }
state: postgresql://x
rollout: { strategy: canery, steps: [10%, 5, 50%] }
roll_back_when: [error_rate > 5, health failing]
watch: 30
maintenance: { allow: [10.0.0.0/99] }
url: www.shop.example
environments:
  staging: { inherits: prodution }
  production: { on_conflict: replace }
)";

constexpr std::string_view kTwentyAnswers =
    R"(1:6 'app' is 'Shop_Flow', which is not a name of a-z, 0-9 and '-' | write 'shop-flow'
4:10 'services.web.run' holds ${VERSION}, which slipway does not replace | write $VERSION for a variable of the shell; only ${version} is replaced
5:5 unknown key 'instnaces' in services.web | did you mean 'instances'?
6:16 'services.web.instances' is 0, less than the least allowed, 1 | write 1 or more
7:11 'services.web.port' is 3000; old and new instances run side by side and cannot share a port | leave the key out and let the service listen on $PORT
8:21 'services.web.health.path' is 'health', which is not a path that begins with '/' | write '/health'
8:39 'services.web.health.interval' is '5', a duration without a unit | write '5s' for seconds; ms, m, h and d are units too
9:12 'services.web.drain' is 'soon', which is not a duration such as 30s, 5m or 1h30m | for example 1m
10:13 service 'web' needs 'wroker', which does not exist | did you mean 'worker'?
11:15 unknown secret 'DATABSE_URL' | did you mean 'DATABASE_URL'?
12:5 duplicate key 'drain', already set on line 9 | keep one of the two
15:5 service 'worker' has 'paths', but no port | take 'port: none' away, or this key
17:5 service 'worker' has both 'run' and 'image' | keep one; an environment takes the other away with '~', for example 'run: ~'
18:13 'services.worker.needs' is 'web_2', which is not the name of a service | write 'web-2'
19:3 'services.web_2' is 'web_2', which is not a name of a-z, 0-9 and '-' | write 'web-2'
19:3 services 'web' and 'web_2' both answer for every host, path / | give one of them 'hosts' or 'paths', or 'port: none' when 'web_2' is a worker
19:38 'services.web_2.limits.memory' is '512MB', which is not a size such as 512MiB | write '512MiB'
21:27 secret 'DATABASE_URL' has more than one source | give exactly one of env, file and command
23:21 a smoke check has both 'get' and 'run' | give exactly one; two checks are two items of the list
24:1 'state' is not carried out by this version of slipway, which refuses to pretend | keep it under 'x-state' until a version that does
25:22 'rollout.strategy' is 'canery', which is not one of blue-green, canary, rolling, recreate | did you mean 'canary'?
25:43 'rollout.steps' is '5', a percentage without its sign | write '5%'
26:18 'roll_back_when' is 'error_rate > 5', which is not a condition such as error_rate > 5% | write 'error_rate > 5%'
27:8 'watch' is '30', a duration without a unit | write '30s' for seconds; ms, m, h and d are units too
28:24 'maintenance.allow' is '10.0.0.0/99', which is not an address or network such as 10.0.0.0/8 | the number after '/' is from 0 to 32
29:6 'url' is 'www.shop.example', which is not an http or https URL | write 'https://www.shop.example'
31:24 environment 'staging' inherits from 'prodution', which does not exist | did you mean 'production'?
32:30 'environments.production.on_conflict' is 'replace', which is not one of refuse, supersede)";

TEST(Mistakes, AFileWithMoreThanTwentyOfThemTellsThemAllAtTheirPlaces) {
  const auto told = mistakes_of(kTwentyMistakes);
  EXPECT_EQ(told, kTwentyAnswers);
  EXPECT_GE(load_text(kTwentyMistakes).diagnostics.size(), 20u);
  EXPECT_FALSE(load_text(kTwentyMistakes).config);
}

TEST(Mistakes, ADiagnosticIsOneLineThatEditorsCanJumpToAndASuggestion) {
  const auto result = load_text("app: a\nservices: { web: { run: x, drian: 1s } }\n");
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].text(),
            "slipway.yaml:2:28: unknown key 'drian' in services.web\n    did you mean 'drain'?");
}

struct Case {
  const char* name;
  const char* text;  // after "app: a\n"
  const char* told;
};

class OneMistake : public testing::TestWithParam<Case> {};

TEST_P(OneMistake, IsToldWithItsPlaceAndWhatToWrite) {
  EXPECT_EQ(mistakes_of(std::string("app: a\n") + GetParam().text), GetParam().told);
}

#define WEB "services: { web: { run: x } }\n"

const Case kCases[] = {
    {"NoServices", "",
     "1:1 'services' is missing | add 'services:' with at least one service and what it runs"},
    {"EmptyServices", "services: {}\n",
     "2:11 'services' is empty | add at least one service and what it runs"},
    {"UnfinishedService", "services:\n  web:\n",
     "3:3 'services.web' is empty | give it its keys, or leave it out"},
    {"ServicesAsList", "services: [web]\n", "2:11 'services' must be a map by name, not a list"},
    {"NothingToRun", "services: { web: { dir: x } }\n",
     "2:13 service 'web' has neither 'run' nor 'image' | add what it runs, for example 'run: node "
     "web.js'"},
    {"EmptyRun", "services: { web: { run: '' } }\n",
     "2:25 'services.web.run' is empty | leave the key out, or give it a text"},
    {"RunAsList", "services: { web: { run: [a, b] } }\n",
     "2:25 'services.web.run' must be a text, not a list"},
    {"ImageWithoutItsPlatform", "services: { web: { image: x } }\n",
     "2:20 service 'web' has an image, but the platform 'process' runs commands | write 'run' "
     "instead, or set 'platform: command' and 'drivers: { platform: … }'"},
    {"HealthOfAWorker", "services: { web: { run: x, port: none, health: { path: /h } } }\n",
     "2:50 service 'web' is probed over HTTP, but has no port | take 'port: none' away, or this "
     "key"},
    {"HealthAsText", "services: { web: { run: x, health: /h } }\n",
     "2:36 'services.web.health' must be a map, not a single value | write { path: /h }"},
    {"SecretsAsText", "services: { web: { run: x, secrets: KEY } }\nsecrets: { KEY: { env: K } }\n",
     "2:37 'services.web.secrets' must be a list, each item the name of a secret, not a single "
     "value | write [KEY]"},
    {"UnknownSecretWithoutANearOne", "services: { web: { run: x, secrets: [KEY] } }\n",
     "2:38 unknown secret 'KEY' | add it: secrets: { KEY: { env: KEY } }"},
    {"SecretAndVariable",
     "services: { web: { run: x, secrets: [K], env: { K: v } } }\nsecrets: { K: { env: K } }\n",
     "2:38 'K' is a secret and a variable of 'env' at once | keep one of the two"},
    {"SecretWithoutSource", WEB "secrets: { K: {} }\n",
     "3:12 secret 'K' has no source | give exactly one of env, file and command"},
    {"SecretAsText", WEB "secrets: { K: v }\n",
     "3:15 'secrets.K' must be a map, not a single value | write { env: NAME }, { file: PATH } or "
     "{ command: LINE }"},
    {"Circle",
     "services:\n  web: { run: x, needs: [api] }\n  api: { run: x, paths: [/a], needs: [db] }\n  "
     "db: { run: x, port: none, needs: [web] }\n",
     "5:37 services need each other in a circle: web → api → db → web | take one of these 'needs' "
     "away"},
    {"NeedsItself", "services: { web: { run: x, needs: [web] } }\n",
     "2:36 services need each other in a circle: web → web | take one of these 'needs' away"},
    {"SameHostAndPath",
     "services:\n  web: { run: x, hosts: [a.b], paths: [/x] }\n  two: { run: x, hosts: [c.d, a.b], "
     "paths: [/x/] }\n",
     "4:44 services 'web' and 'two' both answer for a.b/x | give one of them 'hosts' or 'paths', "
     "or 'port: none' when 'two' is a worker"},
    {"HostWithScheme", "services: { web: { run: x, hosts: ['https://Shop.example/'] } }\n",
     "2:36 'services.web.hosts' is 'https://Shop.example/', which is not a host name | write "
     "'shop.example'"},
    {"PathWithDots", "services: { web: { run: x, paths: [/a/../b] } }\n",
     "2:36 'services.web.paths' is '/a/../b', a path with '..' in it | write the path without it"},
    {"SignalWithPrefix", "services: { web: { run: x, stop: { signal: SIGQUIT } } }\n",
     "2:44 'services.web.stop.signal' is 'SIGQUIT', which is not one of TERM, INT, QUIT, HUP, "
     "USR1, USR2, KILL | did you mean 'QUIT'?"},
    {"BoolInWords", "services: { web: { run: x, strip_path: yes } }\n",
     "2:40 'services.web.strip_path' is 'yes', which is not true or false | write true"},
    {"FractionOfAnInstance", "services: { web: { run: x, instances: 2.5 } }\n",
     "2:39 'services.web.instances' is '2.5', which is not a whole number | write 3"},
    {"TooLong", WEB "watch: 8d\n",
     "3:8 'watch' is 8d, more than the most allowed, 7d | write 7d or less"},
    {"VersionWhereItIsNotReplaced", WEB "smoke: [ { run: 'test ${version}' } ]\n",
     "3:17 'smoke.run' holds ${version}, which is not replaced here | a command finds the version "
     "in $SLIPWAY_VERSION"},
    {"SmokeOfNothing", WEB "smoke: [ { timeout: 1s } ]\n",
     "3:10 a smoke check has neither 'get' nor 'run' | give exactly one; two checks are two items "
     "of the list"},
    {"SmokeExpectWithRun", WEB "smoke: [ { run: x, expect: 200 } ]\n",
     "3:20 'expect' works with 'get' alone | take it away; the command's exit status decides"},
    {"SmokeOfUnknownService", WEB "smoke: [ { get: /, service: wbe } ]\n",
     "3:29 unknown service 'wbe' | did you mean 'web'?"},
    {"SmokeOfAWorker",
     "services: { web: { run: x }, w: { run: x, port: none } }\nsmoke: [ { get: /, service: w } "
     "]\n",
     "3:29 service 'w' has no port that could be checked | name a service that listens"},
    {"SmokeAsText", WEB "smoke: [ /health ]\n",
     "3:10 an item of 'smoke' must be a map | for example { get: /health }"},
    {"StepsThatFall", WEB "rollout: { strategy: canary, steps: [50%, 10%, 100%] }\n",
     "3:43 step 10% does not rise above 50% | write [10%, 50%, 100%]"},
    {"StepsWithoutEnd", WEB "rollout: { strategy: canary, steps: [10%, 50%] }\n",
     "3:43 the steps do not end in 100% | write [10%, 50%, 100%]"},
    {"StepsOfABlueGreen", WEB "rollout: { strategy: blue-green, steps: [100%] }\n",
     "3:34 'steps' works with the strategy canary alone; here it is blue-green | take it away, or "
     "write 'strategy: canary'"},
    {"BatchNobodyReads", WEB "rollout: { batch: 2 }\n",
     "3:12 'batch' works with the strategy rolling alone; here it is blue-green | take it away, or "
     "write 'strategy: rolling'"},
    {"CanaryOfWorkers", "services: { w: { run: x, port: none } }\nrollout: { strategy: canary }\n",
     "3:22 a canary needs a service with a port, whose traffic can be split | write 'strategy: "
     "blue-green', or give a service a port"},
    {"DeadlineBeforePeriod", WEB "rollout: { judge: { period: 5m, deadline: 1m } }\n",
     "3:43 the deadline 1m is shorter than the period 5m | write 5m or more"},
    {"QuarantineWithoutGuard",
     WEB "rollout: { judge: { period: 5m, guard: off, quarantine: true } }\n",
     "3:57 a quarantine lasts until the guard agrees, and 'guard' is off | take it away, or write "
     "'guard: on'"},
    {"NoFalseAlarmAtAll", WEB "rollout: { judge: { period: 5m, false_alarm: 0% } }\n",
     "3:46 'rollout.judge.false_alarm' is 0%, less than the least allowed, 0.0001% | write 0.0001% "
     "or more"},
    {"FreshBaselineOfABlueGreen", WEB "rollout: { judge: { period: 5m, baseline: fresh } }\n",
     "3:43 a fresh baseline stands beside a canary; the strategy here is blue-green | write "
     "'baseline: old', or 'strategy: canary'"},
    {"FreshBaselineNobodyLooksAt",
     WEB "rollout: { strategy: canary, judge: { baseline: fresh } }\n",
     "3:49 nothing is judged beside the fresh baseline: no 'period' | give the judge a 'period', "
     "such as 5m, or write 'baseline: old'"},
    {"TooManyJudgedRoutes",
     WEB "rollout: { judge: { period: 5m, routes: [/a, /b, /c, /d, /e, /f, /g, /h, /i, /j] } }\n",
     "3:41 10 routes are judged by themselves, and 9 is the most | name those that matter most"},
    {"TriggerWithoutUnit", WEB "roll_back_when: [ latency_p95 > 500 ]\n",
     "3:19 'roll_back_when' is 'latency_p95 > 500', which is not a condition such as error_rate > "
     "5% | write 'latency_p95 > 500ms'"},
    {"TriggerWithoutBaseline", WEB "roll_back_when: [ latency_p95 > 2x ]\n",
     "3:19 'roll_back_when' is 'latency_p95 > 2x', which is not a condition such as error_rate > "
     "5% | write 'latency_p95 > 2x baseline'"},
    {"CommandWithoutScript", WEB "platform: command\n",
     "3:11 'platform: command' has no script to ask | add drivers: { platform: "
     "./deploy/platform.sh }"},
    {"SettingsOfAnotherRouter", WEB "router: haproxy\nnginx: { listen: [8080] }\n",
     "4:1 'nginx' works with the router nginx alone; here it is haproxy | take it away, or write "
     "'router: nginx'"},
    {"SettingsWithoutTheirRouter", WEB "haproxy: { bind: [\":8080\"] }\n",
     "3:1 'haproxy' works with the router haproxy alone; here it is edge | take it away, or write "
     "'router: haproxy'"},
    {"RouterMisspelt", WEB "router: ngnix\n",
     "3:9 'router' is 'ngnix', which is not one of edge, nginx, haproxy, command | did you mean "
     "'nginx'?"},
    {"AnotherDirectiveInAListen", WEB "router: nginx\nnginx: { listen: [\"80; user root\"] }\n",
     "4:19 'nginx.listen' is '80; user root', which is not a text without quotes, ';', '#', '$', "
     "'{' and '}' | for example [80, 443 ssl]"},
    {"UnknownNginxKey", WEB "router: nginx\nnginx: { pidfile: /run/nginx.pid }\n",
     "4:10 unknown key 'pidfile' in nginx | known here: listen, snippet, access_log, folder, "
     "config, pid, log, program; a key of your own begins with 'x-'"},
    {"KeyInTheWrongMap", "services: { web: { run: x, interval: 5s } }\n",
     "2:28 unknown key 'interval' in services.web | 'interval' belongs in 'services.*.health'"},
    {"AppInAnEnvironment", WEB "environments: { production: { app: b } }\n",
     "3:31 unknown key 'app' in environments.production | 'app' belongs in the top level"},
    {"InheritsAtTheTop", WEB "inherits: staging\n",
     "3:1 unknown key 'inherits' at the top level | 'inherits' belongs in an environment"},
    {"NameWithCapitals", "services: { Web: { run: x } }\n",
     "2:13 'services.Web' is 'Web', which is not a name of a-z, 0-9 and '-' | write 'web'"},
    {"ReservedInAService", "services: { web: { run: x, requires: { K: 2 } } }\n",
     "2:28 'requires' is not carried out by this version of slipway, which refuses to pretend | "
     "keep "
     "it under 'x-requires' until a version that does"},
    {"InheritsInACircle", WEB "environments:\n  a: { inherits: b }\n  b: { inherits: a }\n",
     "4:18 environments inherit in a circle: a → b → a | take one of these 'inherits' away"},
    {"OnlyOneEnvironmentIsWrong",
     WEB "environments:\n  staging: {}\n  production: { services: { web: ~ }, smoke: [ { get: /, "
         "service: web } ] }\n",
     "5:67 unknown service 'web' (in the environment production)"},
    {"ServiceMisspeltInAnEnvironment",
     WEB "environments: { production: { services: { wbe: { instances: 2 } } } }\n",
     "3:43 service 'wbe' has neither 'run' nor 'image' | did you mean 'web'?"},
};

INSTANTIATE_TEST_SUITE_P(Config, OneMistake, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Mistakes, AnEmptyFileSaysHowToBegin) {
  EXPECT_EQ(mistakes_of(""), "1:1 the file is empty | 'slipway init' writes one to begin with");
  EXPECT_EQ(mistakes_of("- a\n"), "1:1 the file must be a map of keys | begin with 'app: name'");
}

TEST(Mistakes, AMessageDoesNotRepeatWhatWouldSteerATerminal) {
  const auto told = mistakes_of("app: \"\\e[2J\\n\"\nservices: { web: { run: x } }\n");
  EXPECT_EQ(told.substr(0, told.find(", ")), "1:6 'app' is '?[2J?'");
}

TEST(Mistakes, AValueOfManyBytesIsNotRepeated) {
  const auto told =
      mistakes_of("app: a\nservices: { web: { run: x } }\nwatch: " + std::string(5000, '9') + "\n");
  EXPECT_EQ(told.substr(0, told.find(" |")),
            "3:8 'watch' is 5000 bytes long, which is not a duration such as 30s, 5m or 1h30m");
}

TEST(Mistakes, TheSameMistakeOfEveryEnvironmentIsToldOnce) {
  EXPECT_EQ(mistakes_of("app: a\nservices: { web: { run: x, needs: [api] } }\nenvironments: { one: "
                        "{}, two: {} }\n"),
            "2:36 service 'web' needs 'api', which does not exist | services here: web");
}

}  // namespace
}  // namespace slipway::config

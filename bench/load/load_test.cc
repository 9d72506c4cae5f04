// The generator against a server that misbehaves: every fault has to be in the account.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "load/generator.h"
#include "load/testing/faulty_server.h"

namespace slipway::load {
namespace {

class TempFolder {
 public:
  TempFolder() {
    char name[] = "/tmp/slipway-load-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TempFolder() {
    for (const std::string& file : files_) ::unlink(file.c_str());
    ::rmdir(path_.c_str());
  }
  std::string file(const std::string& name) {
    files_.push_back(path_ + "/" + name);
    return files_.back();
  }

 private:
  std::string path_;
  std::vector<std::string> files_;
};

Options options_for(const std::string& url, const std::string& mix) {
  Result<Options> options = parse_options({"--url", url, "--rate", "500", "--duration", "200ms"});
  EXPECT_TRUE(options) << options.error().sentence();
  Result<RequestMix> parsed = RequestMix::parse(mix);
  EXPECT_TRUE(parsed);
  options->mix = *parsed;
  return *options;
}

// Runs 100 requests of this mix.
struct Ran {
  Options options;
  std::unique_ptr<Generator> generator;
  Ran(FaultyServer& server, const std::string& mix) : Ran(options_for(server.url(), mix)) {}
  explicit Ran(const Options& given)
      : options(given), generator(std::make_unique<Generator>(options, -1)) {
    const Result<void> done = generator->run();
    EXPECT_TRUE(done);
  }
  const Tally* operator->() const { return &generator->tally(); }
};

TEST(Load, EveryRequestOfTheScheduleIsSentAndCounted) {
  FaultyServer server;
  const Ran ran(server, "1 GET /ok");
  EXPECT_EQ(ran->requests(), 100u);
  EXPECT_EQ(ran->ok(), 100u);
  EXPECT_EQ(server.seen("/ok"), 100u);
}

struct Fault {
  const char* path;
  Failure kind;
};
class LoadFault : public testing::TestWithParam<Fault> {};

TEST_P(LoadFault, IsCountedAsOftenAsItHappened) {
  FaultyServer server;
  const Ran ran(server, std::string("3 GET /ok\n1 GET ") + GetParam().path);
  const std::uint64_t happened = server.seen(GetParam().path);
  EXPECT_GT(happened, 5u);
  EXPECT_EQ(ran->requests(), 100u);
  EXPECT_EQ(ran->failed(GetParam().kind), happened);
  EXPECT_EQ(ran->failed(), happened);
  EXPECT_EQ(ran->ok(), 100u - happened);
}

INSTANTIATE_TEST_SUITE_P(Kinds, LoadFault,
                         testing::Values(Fault{"/drop", Failure::Lost},
                                         Fault{"/truncate", Failure::Truncated},
                                         Fault{"/malformed", Failure::Malformed},
                                         Fault{"/extra", Failure::Malformed},
                                         Fault{"/gateway", Failure::Gateway}));

TEST(Load, NobodyListeningIsAFailureOfEveryRequest) {
  std::string url;
  {
    FaultyServer gone;
    url = gone.url();
  }
  const Ran ran(options_for(url, "1 GET /ok"));
  EXPECT_EQ(ran->requests(), 100u);
  EXPECT_EQ(ran->failed(Failure::Refused), 100u);
}

TEST(Load, AnAnswerThatNeverComesIsATimeout) {
  FaultyServer server;
  Options options = options_for(server.url(), "9 GET /ok\n1 GET /silent");
  options.timeout = Millis(100);
  const Ran ran(options);
  EXPECT_GT(server.seen("/silent"), 0u);
  EXPECT_EQ(ran->failed(Failure::Timeout), server.seen("/silent"));
  EXPECT_EQ(ran->requests(), 100u);
}

TEST(Load, AnErrorTheAppSentIsNoFailureAndIsCountedForItsVersion) {
  FaultyServer server;
  const Ran ran(server, "3 GET /ok\n1 GET /app-error");
  EXPECT_EQ(ran->failed(), 0u);
  EXPECT_EQ(ran->app_errors(), server.seen("/app-error"));
  const Share& bad = ran->versions().at("2.0.0");
  EXPECT_EQ(bad.app_errors, server.seen("/app-error"));
  EXPECT_LT(bad.first_ok.count(), 0);
  EXPECT_GE(bad.last_seen, bad.first_seen);
  EXPECT_EQ(ran->versions().at("1.0.0").app_errors, 0u);
}

TEST(Load, AConnectionClosedWhileIdleIsNoFailure) {
  FaultyServer server;
  Options options = options_for(server.url(), "1 GET /idle-close");
  options.rate = 50;
  const Ran ran(options);
  EXPECT_EQ(ran->requests(), 10u);
  EXPECT_EQ(ran->failed(), 0u);
  EXPECT_EQ(server.connections(), 10u);
}

TEST(Load, AnAnnouncedCloseIsObeyed) {
  FaultyServer server;
  const Ran ran(server, "1 GET /close");
  EXPECT_EQ(ran->ok(), 100u);
  EXPECT_EQ(server.connections(), 100u);
}

TEST(Load, ChunkedAnswersAndChunkedBodiesAreWhole) {
  FaultyServer server;
  const Ran ran(
      server, "1 POST /chunked chunked {\"product_id\":<7-7>}\n1 POST /chunked {\"product_id\":7}");
  EXPECT_EQ(ran->ok(), 100u);
  ASSERT_EQ(server.bodies().size(), 100u);
  for (const std::string& body : server.bodies()) EXPECT_EQ(body, "{\"product_id\":7}");
}

TEST(Load, ASlowServerDoesNotSlowTheArrivalsAndTheWaitingIsMeasured) {
  FaultyServer server;
  Options options = options_for(server.url(), "1 GET /slow");
  options.rate = 150;  // one connection of 20 ms a request serves 50 of them a second
  options.connections = 1;
  const Ran ran(options);
  EXPECT_EQ(ran->requests(), 30u);
  EXPECT_EQ(ran->ok(), 30u);
  EXPECT_EQ(server.connections(), 1u);
  // The last one was due at 193 ms and answered after 30 x 20 ms.
  EXPECT_GT(ran->latency().max_us(), 380'000u);
}

TEST(Load, TheTimelineAndTheReportAddUpToAllRequests) {
  FaultyServer server;
  TempFolder folder;
  Options options = options_for(server.url(), "2 GET /ok\n1 GET /app-error\n1 GET /drop");
  options.timeline_file = folder.file("timeline.jsonl");
  const Ran ran(options);
  std::ifstream lines(options.timeline_file);
  std::string line;
  std::int64_t requests = 0;
  std::int64_t app_errors = 0;
  std::int64_t last_ms = -1;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_GT(Json::parse(line)->number("start_unix_ms"), 1.6e12);
  while (std::getline(lines, line)) {
    const Result<Json> parsed = Json::parse(line);
    ASSERT_TRUE(parsed) << line;
    requests += parsed->integer("failed");
    for (const auto& [name, count] : parsed->at("versions").members()) requests += count.as_int();
    app_errors += parsed->at("app_errors").integer("2.0.0");
    EXPECT_GT(parsed->integer("t_ms"), last_ms);
    last_ms = parsed->integer("t_ms");
  }
  EXPECT_EQ(requests, 100);
  EXPECT_EQ(app_errors, static_cast<std::int64_t>(server.seen("/app-error")));
  const Json report = ran.generator->report();
  EXPECT_EQ(report.at("releases").at("r-1").integer("requests"),
            static_cast<std::int64_t>(server.seen("/ok")));
  EXPECT_EQ(report.at("failures").integer("lost"), static_cast<std::int64_t>(server.seen("/drop")));
  EXPECT_EQ(report.at("first_failures").items().at(0).text("request"), "GET /drop");
}

TEST(Load, StopsWhenAskedAndStillCountsWhatIsUnderWay) {
  FaultyServer server;
  Options options = options_for(server.url(), "1 GET /slow");
  options.duration = Millis(0);
  const int stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  Generator generator(options, stop_fd);
  std::thread stopper([&] {
    EXPECT_TRUE(server.wait_for("/slow"));
    EXPECT_EQ(eventfd_write(stop_fd, 1), 0);
  });
  const Result<void> done = generator.run();
  stopper.join();
  ::close(stop_fd);
  EXPECT_TRUE(done);
  EXPECT_GT(generator.tally().requests(), 0u);
  EXPECT_EQ(generator.tally().ok(), server.seen("/slow"));
}

// The program itself, with its standard output in `out`.
int run_program(const std::vector<std::string>& words, std::string& out,
                FaultyServer* stop_after_first) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  std::vector<char*> argv = {const_cast<char*>(SLIPWAY_LOAD_BINARY)};
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  EXPECT_EQ(posix_spawn(&pid, SLIPWAY_LOAD_BINARY, &actions, nullptr, argv.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (stop_after_first != nullptr) {
    EXPECT_TRUE(stop_after_first->wait_for("/ok"));
    ::kill(pid, SIGTERM);
  }
  char bytes[4096];
  for (ssize_t n = 0; (n = ::read(ends[0], bytes, sizeof bytes)) > 0;)
    out.append(bytes, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(LoadProgram, EndsWithItsLineOnSigterm) {
  FaultyServer server;
  std::string out;
  EXPECT_EQ(run_program({"--url", server.url() + "/ok", "--rate", "50"}, out, &server), 0);
  EXPECT_TRUE(out.starts_with("load: requests=")) << out;
  EXPECT_NE(out.find(" failed=0 app_errors=0 p50_ms="), std::string::npos) << out;
}

TEST(LoadProgram, EndsWhenTheFileAppearsAndWritesTheReport) {
  FaultyServer server;
  TempFolder folder;
  const std::string file = folder.file("end");
  const std::string report = folder.file("report.json");
  std::thread ender([&] {
    EXPECT_TRUE(server.wait_for("/ok"));
    std::ofstream(file) << "now";
  });
  std::string out;
  EXPECT_EQ(run_program({"--url", server.url() + "/ok", "--rate=100", "--until-file", file,
                         "--report", report, "--json"},
                        out, nullptr),
            0);
  ender.join();
  std::ifstream written(report);
  const std::string text((std::istreambuf_iterator<char>(written)),
                         std::istreambuf_iterator<char>());
  EXPECT_EQ(text, out);
  const Result<Json> parsed = Json::parse(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->integer("failed", -1), 0);
  EXPECT_EQ(parsed->at("versions").at("1.0.0").integer("requests"), parsed->integer("requests"));
}

}  // namespace
}  // namespace slipway::load

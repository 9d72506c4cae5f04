// The access log's parts: the line, the ring between threads, the writer and its files.
#include "edge/access_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <thread>

#include "base/json.h"
#include "base/text.h"
#include "http/parser.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::edge {
namespace {

class Folder {
 public:
  Folder() : path_(io::make_temp_dir("access-log-").value()) {}
  // What can not be removed stays under /tmp; the test has its verdict.
  ~Folder() { static_cast<void>(io::remove_tree(path_, "/tmp")); }
  std::string at(const std::string& name) const { return io::join_path(path_, name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

bool eventually(const std::function<bool()>& question) {
  const std::int64_t until = io::monotonic_us() + 10'000'000;
  while (!question()) {
    if (io::monotonic_us() > until) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

std::string line_of(const LogEntry& entry) {
  std::string out;
  LineWriter().append(entry, out);
  return out;
}

RequestNote note_of(const std::string& head, bool with_query = true) {
  const auto parsed = http::parse_request_head(head);
  EXPECT_EQ(parsed.parsed, http::Parsed::Complete);
  RequestNote note;
  note.take(parsed.head, with_query);
  return note;
}

LogEntry full_entry() {
  LogEntry entry;
  entry.numbers.time_ms = 1'763'718'000'123;
  entry.numbers.duration_us = 1500;
  entry.numbers.upstream_us = 1200;
  entry.numbers.bytes_in = 7;
  entry.numbers.bytes_out = 1024;
  entry.numbers.status = 200;
  entry.numbers.attempts = 2;
  entry.numbers.secure = true;
  entry.numbers.ip_size = 4;
  entry.numbers.ip = {10, 0, 200, 9};
  entry.text(LogText::Method) = "GET";
  entry.text(LogText::Host) = "shop.example";
  entry.text(LogText::Path) = "/cart";
  entry.text(LogText::Query) = "a=1";
  entry.text(LogText::RequestId) = "abc";
  entry.text(LogText::UserAgent) = "curl";
  entry.text(LogText::Referer) = "http://x/";
  entry.text(LogText::Service) = "web";
  entry.text(LogText::App) = "shop";
  entry.text(LogText::Environment) = "production";
  entry.text(LogText::Release) = "r7";
  entry.text(LogText::Target) = "127.0.0.1:20001";
  entry.text(LogText::Tls) = "TLSv1.3";
  return entry;
}

TEST(LogLine, TellsEverythingOfARequestInOneObject) {
  const std::string line = line_of(full_entry());
  EXPECT_EQ(line,
            "{\"time\":\"2025-11-21T09:40:00.123Z\",\"request_id\":\"abc\",\"client\":\"10.0.200."
            "9\",\"method\":\"GET\",\"host\":\"shop.example\",\"path\":\"/cart\",\"query\":\"a=1\","
            "\"protocol\":\"HTTP/1.1\",\"scheme\":\"https\",\"tls\":\"TLSv1.3\",\"status\":200,"
            "\"end\":\"complete\",\"bytes_in\":7,\"bytes_out\":1024,\"duration_us\":1500,"
            "\"upstream_us\":1200,\"service\":\"web\",\"app\":\"shop\",\"environment\":"
            "\"production\",\"release\":\"r7\",\"target\":\"127.0.0.1:20001\",\"attempts\":2,"
            "\"user_agent\":\"curl\",\"referer\":\"http://x/\"}\n");
  EXPECT_TRUE(Json::parse(line));
}

TEST(LogLine, OfARequestWithoutAHeadIsStillAnObject) {
  LogEntry entry;
  entry.numbers.status = 408;
  entry.numbers.end = LogEnd::Timeout;
  const auto json = Json::parse(line_of(entry));
  ASSERT_TRUE(json);
  EXPECT_EQ(json->integer("status"), 408);
  EXPECT_EQ(json->text("end"), "timeout");
  EXPECT_EQ(json->text("method"), "");
  EXPECT_EQ(json->find("service"), nullptr);
}

TEST(LogLine, NoByteOfAStrangerEndsItsString) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  LogEntry entry;
  entry.text(LogText::UserAgent) = all;
  entry.text(LogText::Path) = "/\"},{\"status\":200}\n";
  const std::string line = line_of(entry);
  EXPECT_EQ(line.find('\n'), line.size() - 1) << "one line, whatever was sent";
  const auto json = Json::parse(line);
  ASSERT_TRUE(json) << line;
  EXPECT_EQ(json->text("path"), "/\"},{\"status\":200}\n");
  EXPECT_EQ(json->integer("status"), 0);
  EXPECT_NE(line.find("\\u0000"), std::string::npos);
  EXPECT_NE(line.find("\\u00ff"), std::string::npos);
}

TEST(LogLine, EveryByteIsEscapedAtEveryPlace) {
  for (int c = 0; c < 128; ++c) {
    for (std::size_t place = 0; place < 17; ++place) {
      std::string text(17, 'a');
      text[place] = static_cast<char>(c);
      LogEntry entry;
      entry.text(LogText::Path) = text;
      const auto json = Json::parse(line_of(entry));
      ASSERT_TRUE(json) << c << " at " << place;
      ASSERT_EQ(json->text("path"), text) << c << " at " << place;
    }
  }
  for (int c = 128; c < 256; ++c) {
    LogEntry entry;
    const std::string text(9, static_cast<char>(c));
    entry.text(LogText::Path) = text;
    const std::string line = line_of(entry);
    for (char each : line) ASSERT_LT(static_cast<unsigned char>(each), 128);
  }
}

TEST(LogLine, WritesAddressesAsPeopleReadThem) {
  LogEntry entry;
  entry.numbers.ip_size = 16;
  entry.numbers.ip = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  EXPECT_NE(line_of(entry).find("\"client\":\"2001:db8::1\""), std::string::npos);
  entry.numbers.ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 0, 1};
  EXPECT_NE(line_of(entry).find("\"client\":\"192.168.0.1\""), std::string::npos);
}

TEST(LogLine, SurvivesTheWayThroughARecord) {
  const LogEntry entry = full_entry();
  std::string record(record_size(entry), '\0');
  write_record(entry, record.data());
  EXPECT_EQ(line_of(read_record(record)), line_of(entry));
}

TEST(RequestNote, KeepsWhatALineNeedsCutAtItsLimits) {
  const std::string long_agent(4000, 'a');
  const std::string long_path(7000, 'p');
  const RequestNote note = note_of(
      "GET /" + long_path + "?q=1 HTTP/1.0\r\nhost: h.example\r\nUSER-AGENT: " + long_agent +
      "\r\nreferer: r\r\nX-Request-ID: mine\r\nX-Request-ID: other\r\n\r\n");
  LogEntry entry;
  note.put_into(entry);
  EXPECT_EQ(entry.text(LogText::Method), "GET");
  EXPECT_EQ(entry.text(LogText::Host), "h.example");
  EXPECT_EQ(entry.text(LogText::Path).size(), 2048U);
  EXPECT_EQ(entry.text(LogText::Query), "q=1");
  EXPECT_EQ(entry.text(LogText::UserAgent).size(), 256U);
  EXPECT_EQ(entry.text(LogText::Referer), "r");
  EXPECT_EQ(entry.text(LogText::RequestId), "mine");
  EXPECT_EQ(entry.numbers.protocol, 10);
}

TEST(RequestNote, LeavesTheQueryOutWhenToldSo) {
  LogEntry entry;
  const RequestNote note = note_of("GET /a?token=secret HTTP/1.1\r\nHost: h\r\n\r\n", false);
  note.put_into(entry);
  EXPECT_EQ(entry.text(LogText::Query), "");
  EXPECT_EQ(line_of(entry).find("secret"), std::string::npos);
}

TEST(RequestNote, AnIdThatTheEdgeMadeReadsAsTheHeaderItSent) {
  RequestNote note = note_of("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  note.made_id = 0xabc;
  note.made_id_ms = 0x12;
  LogEntry entry;
  note.put_into(entry);
  EXPECT_NE(line_of(entry).find("\"request_id\":\"0000000000000abc00000012\""), std::string::npos);
}

bool put(LogRing& ring, std::string_view text) {
  char* to = ring.begin(text.size());
  if (to == nullptr) return false;
  text.copy(to, text.size());
  ring.commit();
  return true;
}

TEST(LogRing, GivesBackWhatWasPutInInOrder) {
  LogRing ring(4096);
  EXPECT_TRUE(ring.front().empty());
  for (int round = 0; round < 500; ++round) {
    const std::string text(static_cast<std::size_t>(1 + round % 700),
                           static_cast<char>('a' + round % 26));
    ASSERT_TRUE(put(ring, text)) << round;
    ASSERT_TRUE(put(ring, "x"));
    EXPECT_EQ(ring.front(), text);
    ring.pop();
    EXPECT_EQ(ring.front(), "x");
    ring.pop();
  }
  EXPECT_TRUE(ring.front().empty());
  EXPECT_EQ(ring.dropped(), 0U);
}

TEST(LogRing, RefusesAndCountsWhatDoesNotFitAndGoesOnAfterwards) {
  LogRing ring(1024);
  int taken = 0;
  while (put(ring, std::string(100, 'x'))) ++taken;
  EXPECT_EQ(taken, 9);  // 112 bytes each
  EXPECT_FALSE(put(ring, std::string(100, 'y')));
  EXPECT_EQ(ring.dropped(), 2U);
  for (int i = 0; i < 2; ++i) {
    ASSERT_FALSE(ring.front().empty());
    ring.pop();
  }
  EXPECT_TRUE(put(ring, std::string(100, 'z')));
  int left = 0;
  for (; !ring.front().empty(); ring.pop()) ++left;
  EXPECT_EQ(left, 8);
}

TEST(LogRing, CallsOnceWhenItIsHalfFullAndAgainAfterTheReaderHasLooked) {
  LogRing ring(4096);
  int calls = 0;
  ring.when_half_full([&] { ++calls; });
  const std::string record(500, 'r');  // 512 bytes with what goes round it
  const auto fill = [&](int times) {
    for (int i = 0; i < times; ++i) ASSERT_TRUE(put(ring, record));
  };
  fill(4);
  EXPECT_EQ(calls, 0) << "half of it, and not more";
  fill(3);
  EXPECT_EQ(calls, 1);
  ring.has_looked();
  while (!ring.front().empty()) ring.pop();
  fill(4);
  EXPECT_EQ(calls, 1) << "it is empty again: nothing to hurry for";
  fill(1);
  EXPECT_EQ(calls, 2);
}

TEST(LogRing, CarriesRecordsFromOneThreadToAnotherUnharmed) {
  constexpr std::uint64_t kRecords = 50'000;
  LogRing ring(8192);
  std::thread producer([&ring] {
    for (std::uint64_t n = 0; n < kRecords; ++n) {
      const std::size_t size = sizeof n + n * 37 % 300;
      char* to = nullptr;
      while ((to = ring.begin(size)) == nullptr) std::this_thread::yield();
      std::memcpy(to, &n, sizeof n);
      std::memset(to + sizeof n, static_cast<int>(n & 0x7f), size - sizeof n);
      ring.commit();
    }
  });
  bool unharmed = true;
  for (std::uint64_t n = 0; n < kRecords; ++n) {
    std::string_view record;
    while ((record = ring.front()).empty()) std::this_thread::yield();
    std::uint64_t got = 0;
    std::memcpy(&got, record.data(), sizeof got);
    unharmed = unharmed && got == n && record.size() == sizeof n + n * 37 % 300;
    for (char c : record.substr(sizeof n)) unharmed = unharmed && c == static_cast<char>(n & 0x7f);
    ring.pop();
  }
  producer.join();
  EXPECT_TRUE(unharmed);
}

void log_one(AccessLog& log, unsigned worker, std::string_view path) {
  LogEntry entry;
  entry.text(LogText::Path) = path;
  if (char* to = log.ring(worker).begin(record_size(entry))) {
    write_record(entry, to);
    log.ring(worker).commit();
  }
}

std::size_t lines_in(const std::string& path) {
  const std::string bytes = io::read_file(path).value_or("");
  return static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
}

std::unique_ptr<AccessLog> open_log(AccessLogOptions options, unsigned workers = 1) {
  auto log = AccessLog::open(options, "/nowhere", workers);
  EXPECT_TRUE(log) << log.error().sentence();
  return log ? std::move(log).value() : nullptr;
}

TEST(AccessLog, LiesInTheStateFolderWhenNothingElseIsSaid) {
  const Folder folder;
  {
    auto log = AccessLog::open({}, folder.path(), 1);
    ASSERT_TRUE(log);
    log_one(**log, 0, "/");
  }
  EXPECT_EQ(lines_in(folder.at("logs/access.log")), 1U);
}

TEST(AccessLog, OffIsNoLog) {
  AccessLogOptions options;
  options.where = "off";
  auto log = AccessLog::open(options, "/nowhere", 1);
  ASSERT_TRUE(log);
  EXPECT_EQ(*log, nullptr);
}

TEST(AccessLog, AFileThatCanNotBeOpenedIsToldWithWhatToDo) {
  AccessLogOptions options;
  options.where = "/nowhere/at/all";
  const auto log = AccessLog::open(options, "/nowhere", 1);
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().what.find("/nowhere/at/all"), std::string::npos);
  EXPECT_NE(log.error().next.find("--access-log off"), std::string::npos);
}

TEST(AccessLog, WritesTheLinesOfEveryWorkerWithoutBeingAsked) {
  const Folder folder;
  AccessLogOptions options;
  options.where = folder.at("log");
  const auto log = open_log(options, 4);
  std::vector<std::thread> workers;
  for (unsigned worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&log, worker] {
      for (int i = 0; i < 1000; ++i) log_one(*log, worker, "/" + std::to_string(i));
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_TRUE(eventually([&] { return log->counts().lines == 4000; })) << log->counts().lines;
  EXPECT_EQ(lines_in(options.where), 4000U);
  EXPECT_EQ(log->counts().dropped, 0U);
}

TEST(AccessLog, RotatesAtWholeLinesAndKeepsNoMoreThanItShould) {
  const Folder folder;
  AccessLogOptions options;
  options.where = folder.at("log");
  options.rotate_bytes = kLeastRotateBytes;
  options.keep = 2;
  std::uint64_t lines = 0;
  {
    const auto log = open_log(options);
    for (int i = 0; i < 3000; ++i) log_one(*log, 0, std::string(100, 'p'));
    ASSERT_TRUE(eventually([&] { return log->counts().lines == 3000; }));
    lines = log->counts().lines;
  }
  EXPECT_EQ(lines, 3000U);
  EXPECT_FALSE(io::exists(options.where + ".3"));
  for (const char* name : {"log", "log.1", "log.2"}) {
    const std::string bytes = io::read_file(folder.at(name)).value_or("");
    ASSERT_FALSE(bytes.empty()) << name;
    EXPECT_LE(bytes.size(), kLeastRotateBytes);
    EXPECT_EQ(bytes.front(), '{') << name;
    EXPECT_EQ(bytes.back(), '\n') << name;
  }
}

TEST(AccessLog, GoesOnInTheFileOfItsNameWhenItIsOpenedAgain) {
  const Folder folder;
  AccessLogOptions options;
  options.where = folder.at("log");
  const auto log = open_log(options);
  log_one(*log, 0, "/before");
  ASSERT_TRUE(io::rename_path(options.where, folder.at("moved")));
  const auto reopened = log->reopen();
  ASSERT_TRUE(reopened) << reopened.error().sentence();
  log_one(*log, 0, "/after");
  ASSERT_TRUE(eventually([&] { return log->counts().lines == 2; }));
  EXPECT_NE(io::read_file(folder.at("moved"))->find("/before"), std::string::npos);
  EXPECT_NE(io::read_file(options.where)->find("/after"), std::string::npos);
}

TEST(AccessLog, OpeningAgainTellsWhatTheSystemSaysAndTheOldFileGoesOn) {
  const Folder folder;
  ASSERT_TRUE(io::make_dirs(folder.at("logs")));
  AccessLogOptions options;
  options.where = folder.at("logs/log");
  const auto log = open_log(options);
  ASSERT_TRUE(io::rename_path(folder.at("logs"), folder.at("elsewhere")));
  const auto reopened = log->reopen();
  ASSERT_FALSE(reopened);
  log_one(*log, 0, "/still");
  EXPECT_TRUE(eventually([&] { return lines_in(folder.at("elsewhere/log")) == 1; }));
}

TEST(AccessLog, AReaderThatDoesNotReadCostsLinesAndNothingElse) {
  const Folder folder;
  AccessLogOptions options;
  options.where = folder.at("fifo");
  ASSERT_EQ(::mkfifo(options.where.c_str(), 0600), 0);
  const auto log = open_log(options);
  const std::string path(2000, 'p');
  const bool dropped = eventually([&] {
    for (int i = 0; i < 200; ++i) log_one(*log, 0, path);
    return log->counts().dropped > 0;
  });
  EXPECT_TRUE(dropped);
  // Somebody reads at last: what still lies in the ring arrives, line by line.
  const int reader = ::open(options.where.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  std::string got;
  EXPECT_TRUE(eventually([&] {
    char bytes[65536];
    const ssize_t size = ::read(reader, bytes, sizeof bytes);
    if (size > 0) got.append(bytes, static_cast<std::size_t>(size));
    return got.size() > 1'000'000;
  })) << got.size();
  ::close(reader);
  const std::vector<std::string_view> lines = split(got, '\n');
  for (std::size_t i = 0; i + 1 < std::min<std::size_t>(lines.size(), 50); ++i)
    EXPECT_TRUE(Json::parse(std::string(lines[i]))) << lines[i];
}

}  // namespace
}  // namespace slipway::edge

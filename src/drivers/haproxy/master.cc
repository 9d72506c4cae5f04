#include "drivers/haproxy/master.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/text.h"
#include "io/poll.h"
#include "io/socket.h"

namespace slipway::drivers::haproxy {
namespace {
constexpr Millis kAnswersWithin{3'000};
constexpr std::size_t kMostAnswer = std::size_t{16} << 20;
constexpr std::size_t kMostAtOnce = 40;  // a line of commands fits HAProxy's buffer of 16 KiB
constexpr char kFindOut[] =
    "start HAProxy with -W -S SOCKET (Debian's service does), or set haproxy.master";

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::vector<std::string_view> words_in(std::string_view line) {
  std::vector<std::string_view> words;
  for (const auto word : split(line, ' ')) {
    if (!trim(word).empty()) words.push_back(trim(word));
  }
  return words;
}

// Lines without a name of a backend of slipway's tell of somebody else's.
bool is_ours(std::string_view backend) { return backend.starts_with("slipway."); }

std::size_t column(const std::vector<std::string_view>& names, std::string_view name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}
}  // namespace

Result<std::string> Master::ask(const std::string& line) const {
  auto socket = io::connect_unix(socket_, kAnswersWithin);
  if (!socket) {
    return Error(Code::NotFound,
                 "no HAProxy master answers on " + socket_ + ": " + socket.error().what, kFindOut);
  }
  TRY(io::write_all(socket->get(), line + "\n", kAnswersWithin));
  ::shutdown(socket->get(), SHUT_WR);
  std::string answer;
  char chunk[16384];
  while (answer.size() < kMostAnswer) {
    if (!TRY(io::wait_ready(socket->get(), POLLIN, kAnswersWithin))) {
      return Error(Code::Timeout, "HAProxy did not answer `" + line.substr(0, 80) + "` in 3s",
                   "look at it: echo 'show proc' | socat - " + socket_);
    }
    const ssize_t count = ::read(socket->get(), chunk, sizeof(chunk));
    if (count < 0) return from_errno(errno, "cannot read HAProxy's answer on " + socket_);
    if (count == 0) return answer;
    answer.append(chunk, static_cast<std::size_t>(count));
  }
  return Error(Code::TooLarge, "HAProxy's answer on " + socket_ + " is larger than 16 MiB");
}

Result<Processes> Master::processes() const { return processes_in(TRY(ask("show proc"))); }
Result<std::vector<RuntimeServer>> Master::servers() const {
  return servers_in(TRY(ask("@1 show servers state")));
}
Result<std::vector<ServerCounts>> Master::counts() const {
  return counts_in(TRY(ask("@1 show stat -1 4 -1")));
}

Result<void> Master::reload() const {
  TRY(ask("reload"));
  return ok();
}

Result<void> Master::run(const std::vector<std::string>& commands) const {
  for (std::size_t begin = 0; begin < commands.size(); begin += kMostAtOnce) {
    std::string line;
    for (std::size_t i = begin; i < std::min(begin + kMostAtOnce, commands.size()); ++i)
      line += (line.empty() ? "@1 " : "; @1 ") + commands[i];
    const std::string answer = TRY(ask(line));
    for (const auto said : split(answer, '\n')) {
      const bool is_well = said.empty() || said.starts_with("New server registered") ||
                           said.starts_with("Server deleted");
      if (is_well) continue;
      return Error(Code::Refused, "HAProxy refuses a runtime command: " + std::string(said),
                   "look at it: echo '@1 show servers state' | socat - " + socket_);
    }
  }
  return ok();
}

// "4711  worker  0  0d00h00m01s  2.6.12" below "# workers", those of before below "# old workers".
Processes processes_in(const std::string& show_proc) {
  Processes out;
  bool is_old = false;
  for (const auto line : split(show_proc, '\n')) {
    if (line.starts_with("# old workers")) is_old = true;
    if (line.starts_with("# programs")) break;
    const auto words = words_in(line);
    if (line.starts_with("#") || words.size() < 2 || words[1] != "worker") continue;
    if (is_old) {
      out.old.emplace_back(words[0]);
    } else {
      out.serving = words[0];
    }
  }
  return out;
}

std::vector<RuntimeServer> servers_in(const std::string& show_servers_state) {
  constexpr std::size_t kBackend = 1, kName = 3, kHost = 4, kAdmin = 6, kWeight = 7, kPort = 18;
  constexpr std::uint64_t kMaintenance = 0x01 | 0x04 | 0x20;  // by command, configuration, name
  std::vector<RuntimeServer> out;
  for (const auto line : split(show_servers_state, '\n')) {
    const auto words = words_in(line);
    if (line.starts_with("#") || words.size() <= kPort || !is_ours(words[kBackend])) continue;
    std::string host(words[kHost]);
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    out.push_back({std::string(words[kBackend]), std::string(words[kName]),
                   host + ":" + std::string(words[kPort]),
                   static_cast<int>(number_in(words[kWeight])),
                   (number_in(words[kAdmin]) & kMaintenance) != 0});
  }
  return out;
}

// A request that is sent to another server because this one takes no connection counts for both.
std::vector<ServerCounts> counts_in(const std::string& show_stat) {
  std::vector<ServerCounts> out;
  std::vector<std::string_view> names;
  for (const auto line : split(show_stat, '\n')) {
    const auto cells = split(line, ',');
    if (line.starts_with("# ")) {
      names = cells;
      names[0].remove_prefix(2);
      continue;
    }
    const auto cell = [&](std::string_view name) {
      const auto at = column(names, name);
      return at < cells.size() ? cells[at] : std::string_view();
    };
    const auto server = cell("svname");
    if (!is_ours(cell("pxname")) || server == "FRONTEND" || server == "BACKEND") continue;
    ServerCounts counts;
    counts.backend = cell("pxname");
    counts.name = server;
    counts.running = static_cast<std::int64_t>(number_in(cell("scur")) + number_in(cell("qcur")));
    counts.requests = number_in(cell("stot"));
    counts.errors = number_in(cell("hrsp_5xx")) + number_in(cell("econ")) +
                    number_in(cell("eresp")) + number_in(cell("wredis"));
    out.push_back(std::move(counts));
  }
  return out;
}

}  // namespace slipway::drivers::haproxy

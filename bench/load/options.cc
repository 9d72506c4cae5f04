#include "load/options.h"

#include <netdb.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>

#include "base/text.h"
#include "base/units.h"

namespace slipway::load {
namespace {
constexpr double kMostRate = 100'000;
constexpr std::uint64_t kMostConnections = 20'000;
constexpr std::size_t kMostMixBytes = 1024 * 1024;

Error usage_error(std::string what) {
  return Error(Code::Usage, std::move(what), "see slipway_load --help");
}

// What is read before it is understood.
struct Words {
  std::string mix;
};

using Setter = std::function<Result<void>(Options&, Words&, const std::string&)>;
struct Option {
  const char* name;
  const char* value;  // nullptr: a switch
  const char* meaning;
  Setter set;
};

Result<void> set_rate(Options& options, Words&, const std::string& text) {
  char* end = nullptr;
  options.rate = std::strtod(text.c_str(), &end);
  if (*end != '\0' || !(options.rate > 0 && options.rate <= kMostRate)) {
    return usage_error("--rate " + text + " is no number of requests a second (0 to 100000)");
  }
  return ok();
}

Result<void> set_time(const char* name, Millis& out, const std::string& text) {
  const auto duration = parse_duration(text);
  if (!duration || duration->count() <= 0) {
    return usage_error(std::string(name) + " " + text + " is no duration such as 30s or 5m");
  }
  out = *duration;
  return ok();
}

Result<void> set_number(const char* name, std::uint64_t most, std::uint64_t& out,
                        const std::string& text) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, out);
  if (result.ec != std::errc() || result.ptr != end || out == 0 || out > most) {
    return usage_error(std::string(name) + " " + text + " is no whole number from 1 to " +
                       std::to_string(most));
  }
  return ok();
}

Result<void> set_connections(Options& options, Words&, const std::string& text) {
  std::uint64_t number = 0;
  TRY(set_number("--connections", kMostConnections, number, text));
  options.connections = number;
  return ok();
}

template <class Member>
Setter keep(Member member) {
  return [member](Options& options, Words&, const std::string& text) -> Result<void> {
    options.*member = text;
    return ok();
  };
}

template <class Member, class Value>
Setter fix(Member member, Value value) {
  return [member, value](Options& options, Words&, const std::string&) -> Result<void> {
    options.*member = value;
    return ok();
  };
}

const std::vector<Option>& table() {
  static const std::vector<Option> kTable = {
      {"--url", "URL", "where to send: http://127.0.0.1:8080[/path]", keep(&Options::url)},
      {"--rate", "N", "requests a second (100)", set_rate},
      {"--duration", "TIME", "how long to send, such as 30s",
       [](Options& o, Words&, const std::string& t) {
         return set_time("--duration", o.duration, t);
       }},
      {"--until-file", "PATH", "send until this file appears", keep(&Options::until_file)},
      {"--mix", "shop|FILE", "what to ask for; without it GET of the URL's path",
       [](Options&, Words& w, const std::string& t) -> Result<void> {
         w.mix = t;
         return ok();
       }},
      {"--connections", "N", "at most this many connections (512)", set_connections},
      {"--host", "NAME", "value of the Host field (from the URL)", keep(&Options::host)},
      {"--timeout", "TIME", "a request without a whole answer by then has failed (10s)",
       [](Options& o, Words&, const std::string& t) {
         return set_time("--timeout", o.timeout, t);
       }},
      {"--seed", "N", "the same seed draws the same requests (1)",
       [](Options& o, Words&, const std::string& t) {
         return set_number("--seed", UINT64_MAX, o.seed, t);
       }},
      {"--report", "FILE", "write the report as JSON", keep(&Options::report_file)},
      {"--timeline", "FILE", "write a JSON line per 10 ms", keep(&Options::timeline_file)},
      {"--json", nullptr, "print the report on stdout, the last line on stderr",
       fix(&Options::output, Output::Json)},
      {"--progress", nullptr, "a line per second on stderr",
       fix(&Options::progress, Progress::EverySecond)},
      {"--help", nullptr, "this text", fix(&Options::wants_help, true)},
  };
  return kTable;
}

const Option* option_named(const std::string& name) {
  for (const Option& option : table()) {
    if (name == option.name) return &option;
  }
  return nullptr;
}

Error unknown_option(const std::string& word) {
  std::vector<std::string> names;
  for (const Option& option : table()) names.emplace_back(option.name);
  const auto near = nearest(word, names);
  return usage_error("there is no option " + word + (near ? ", did you mean " + *near + "?" : ""));
}

Result<void> read_words(const std::vector<std::string>& words, Options& options, Words& kept) {
  for (std::size_t at = 0; at < words.size(); ++at) {
    std::string name = words[at];
    std::string value;
    const std::size_t equals = name.find('=');
    const bool has_value = equals != std::string::npos;
    if (has_value) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    const Option* option = option_named(name);
    if (option == nullptr) return unknown_option(name);
    if (option->value != nullptr && !has_value) {
      if (++at == words.size()) return usage_error(name + " needs a value: " + option->value);
      value = words[at];
    }
    TRY(option->set(options, kept, value));
  }
  return ok();
}

Result<RequestMix> read_mix(const std::string& name, const std::string& path) {
  if (name.empty()) return RequestMix::parse("1 GET " + path);
  if (name == "shop") return RequestMix::parse(RequestMix::shop());
  std::ifstream file(name, std::ios::binary);
  if (!file) return from_errno(errno, "cannot read the mix " + name, "--mix takes shop or a file");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.size() > kMostMixBytes)
    return Error(Code::TooLarge, "the mix " + name + " is over 1 MiB");
  Result<RequestMix> mix = RequestMix::parse(text);
  if (!mix) return mix.error().in("while reading " + name);
  return mix;
}
}  // namespace

Result<Target> parse_url(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) {
    return usage_error("--url \"" + url + "\" does not begin with http://");
  }
  Target target;
  const std::size_t slash = std::min(url.find('/', kScheme.size()), url.size());
  target.authority = url.substr(kScheme.size(), slash - kScheme.size());
  target.path = slash < url.size() ? url.substr(slash) : "/";
  const std::size_t colon = target.authority.rfind(':');
  const bool has_port = colon != std::string::npos && target.authority.back() != ']';
  std::string host = target.authority.substr(0, has_port ? colon : std::string::npos);
  const std::string port = has_port ? target.authority.substr(colon + 1) : "80";
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0)
    return usage_error("cannot find " + target.authority + ": " + gai_strerror(failed));
  std::memcpy(&target.address, found->ai_addr, found->ai_addrlen);
  target.length = found->ai_addrlen;
  freeaddrinfo(found);
  return target;
}

Result<Options> parse_options(const std::vector<std::string>& words) {
  Options options;
  Words kept;
  TRY(read_words(words, options, kept));
  if (options.wants_help) return options;
  if (options.url.empty()) return usage_error("--url is missing");
  options.target = TRY(parse_url(options.url));
  if (options.host.empty()) options.host = options.target.authority;
  options.mix = TRY(read_mix(kept.mix, options.target.path));
  return options;
}

std::string usage() {
  std::string out =
      "slipway_load: sends requests at a fixed rate, whatever the answers do, and counts every "
      "one\n\n"
      "  slipway_load --url http://127.0.0.1:8080 --rate 500 --duration 30s --mix shop\n\n";
  for (const Option& option : table()) {
    std::string left = std::string("  ") + option.name;
    if (option.value != nullptr) left += std::string(" ") + option.value;
    left.resize(std::max<std::size_t>(left.size() + 1, 26), ' ');
    out += left + option.meaning + "\n";
  }
  return out + "\nSIGTERM and SIGINT stop the sending; what is under way is still counted.\n";
}

}  // namespace slipway::load

#include "drivers/inquiry/inquiry.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/text.h"
#include "base/units.h"
#include "drivers/process/driver.h"
#include "http/web.h"
#include "io/child.h"
#include "io/environment.h"
#include "io/files.h"

namespace slipway::drivers::inquiry {
namespace {
using ports::Evidence;
using ports::Question;

constexpr std::size_t kMostBytes = std::size_t{16} << 20;
constexpr std::size_t kMostLines = 5;

Evidence absent(std::string why) {
  Evidence out;
  out.why = std::move(why);
  return out;
}

Evidence look_at_file(const Question& question) {
  struct stat status {};
  if (::stat(question.file.c_str(), &status) != 0) {
    return absent(errno == ENOENT ? question.file + " is not there"
                                  : "cannot look at " + question.file + ": " + strerror(errno));
  }
  // A pipe or a device would be waited for.
  if (!S_ISREG(status.st_mode)) return absent(question.file + " is not a file");
  auto bytes = io::read_file(question.file, kMostBytes);
  if (!bytes) return absent(bytes.error().sentence());
  Evidence out;
  out.there = true;
  out.bytes = std::move(bytes).value();
  out.written_ms = std::int64_t{status.st_mtim.tv_sec} * 1000 + status.st_mtim.tv_nsec / 1'000'000;
  return out;
}

// The last lines of what it said, errors first: a report on the other stream is not for people.
std::string last_words(const io::CommandRun& run) {
  std::vector<std::string> lines;
  for (const auto line : split(trim(run.err).empty() ? run.out : run.err, '\n')) {
    if (!trim(line).empty()) lines.emplace_back(trim(line).substr(0, 200));
  }
  if (lines.size() > kMostLines) lines.erase(lines.begin(), lines.end() - kMostLines);
  return join(lines, "\n");
}

Evidence run(const Question& question) {
  io::ChildSpec spec;
  spec.shell = question.run;
  spec.dir = question.folder;
  for (const auto& entry : io::own_environment()) {
    const auto name = entry.substr(0, entry.find('='));
    if (!question.variables.contains(name)) spec.environment.push_back(entry);
  }
  for (const auto& [name, value] : question.variables)
    spec.environment.push_back(name + "=" + value);
  auto ran = io::run_command(std::move(spec), question.timeout, kMostBytes);
  const std::string name = "`" + question.run + "`";
  if (!ran) return absent(name + " cannot be run: " + ran.error().sentence());
  if (ran->timed_out) return absent(name + " was killed after " + to_text(question.timeout));
  Evidence out;
  out.there = true;
  out.succeeded = ran->exit.succeeded();
  const auto words = last_words(*ran);
  if (!out.succeeded)
    out.ending = "ended with " + ran->exit.text() + (words.empty() ? "" : ": " + words);
  out.bytes = std::move(ran->out);
  return out;
}

Evidence get(const Question& question) {
  http::WebCall call;
  call.method = "GET";
  call.url = question.url;
  call.timeout = question.timeout;
  call.max_body = kMostBytes;
  call.fields.push_back({"Accept", "application/json"});
  if (!question.secret.name.empty()) {
    const auto secret = process::read_secret(question.secret, question.folder);
    if (!secret) return absent(secret.error().sentence());
    call.fields.push_back({"Authorization", *secret});
  }
  auto response = http::call_web(call);
  if (!response) return absent(response.error().sentence());
  if (response->status < 200 || response->status > 299) {
    return absent(http::host_of_url(question.url) + " answered " +
                  std::to_string(response->status));
  }
  Evidence out;
  out.there = true;
  out.bytes = std::move(response->body);
  return out;
}

class World final : public ports::Inquiry {
 public:
  Evidence look(const Question& question) override {
    if (!question.file.empty()) return look_at_file(question);
    return question.run.empty() ? get(question) : run(question);
  }
};
}  // namespace

std::unique_ptr<ports::Inquiry> make_inquiry() { return std::make_unique<World>(); }

}  // namespace slipway::drivers::inquiry

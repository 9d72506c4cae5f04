#include <map>
#include <mutex>

#include "drivers/nginx/drivers.h"
#include "drivers/nginx/growing_file.h"
#include "drivers/nginx/render.h"
#include "drivers/nginx/tally.h"
#include "drivers/nginx/workers.h"
#include "io/files.h"

namespace slipway::drivers::nginx {
namespace {
// About 200,000 requests; one more such file is kept, so that a new daemon finds what was counted.
constexpr std::uint64_t kMostBytes = std::uint64_t{16} << 20;

class NginxCounters final : public ports::Counters {
 public:
  explicit NginxCounters(Settings settings) : settings_(std::move(settings)) {}

  Result<ports::Counts> read(const ports::AppRef& app, const std::string& release) override {
    const std::lock_guard hold(mutex_);
    const std::string path = log_file_of(settings_, app);
    auto [at, is_new] = apps_.try_emplace(app, path);
    Counted& counted = at->second;
    TRY(counted.log.read([&](std::string_view line) { counted.tally.take(line); }));
    TRY(keep_small(counted.log, path));
    return counted.tally.counts(release);
  }

 private:
  struct Counted {
    explicit Counted(const std::string& path) : log(path) {}
    GrowingFile log;
    Tally tally;
  };

  // One of the readers does it; the others see that the file is another one.
  Result<void> keep_small(const GrowingFile& log, const std::string& path) const {
    const auto master = master_of(settings_.pid_file);
    if (!master) return ok();  // nobody writes
    const auto lock = io::FileLock::take(path + ".lock");
    if (!lock) return ok();
    if (!TRY(log.rotate(kMostBytes))) return ok();
    return reopen_logs(*master);
  }

  const Settings settings_;
  std::mutex mutex_;
  std::map<ports::AppRef, Counted> apps_;
};
}  // namespace

std::unique_ptr<ports::Counters> make_counters(Settings settings) {
  return std::make_unique<NginxCounters>(std::move(settings));
}

}  // namespace slipway::drivers::nginx

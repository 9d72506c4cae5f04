#include <signal.h>

#include <algorithm>
#include <cerrno>

#include "base/digest.h"
#include "drivers/nginx/drivers.h"
#include "drivers/nginx/render.h"
#include "drivers/nginx/trial.h"
#include "drivers/nginx/workers.h"
#include "drivers/own_file/own_file.h"
#include "drivers/own_file/words.h"
#include "io/clock.h"

namespace slipway::drivers::nginx {
namespace {
using own_file::OwnFile;
using own_file::Record;
using own_file::Seen;
using ports::Finding;
using ports::Outcome;

// A reload that has not shown after this time was refused: the next write need not wait for it.
constexpr std::int64_t kReloadTakesUs = 8'000'000;

bool has(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// Every worker that takes connections began after the last reload was asked for.
bool is_taken_over(const Record& record, const std::vector<Worker>& workers) {
  bool any = false;
  for (const auto& worker : workers) {
    if (worker.is_leaving) continue;
    if (has(record.workers, worker.id)) return false;
    any = true;
  }
  return any;
}

std::vector<std::string> ids_of(const std::vector<Worker>& workers) {
  std::vector<std::string> ids;
  for (const auto& worker : workers) ids.push_back(worker.id);
  return ids;
}

// Two reloads in one: workers of the first could not be told from those of the second.
Result<void> check_quiet(const Record& record, const std::vector<Worker>& workers) {
  const std::int64_t since = io::monotonic_us() - record.asked_us;
  const bool is_recent = record.asked_us > 0 && since >= 0 && since < kReloadTakesUs;
  if (!is_recent || is_taken_over(record, workers)) return ok();
  return Error(Code::Conflict, "nginx is still taking over the change by " + record.op,
               "observe the split again");
}

class NginxRouter final : public ports::Router {
 public:
  explicit NginxRouter(Settings settings) : settings_(std::move(settings)) {}

  plan::Capabilities capabilities() const override {
    plan::Capabilities can;
    can.router_name = "nginx";
    return can;
  }

  std::vector<Finding> preflight(const plan::Plan& plan) override {
    std::vector<Finding> findings;
    const auto fits = would_accept(plan);
    if (!fits) findings.push_back({Finding::Weight::Blocks, fits.error()});
    const auto config = io::read_file(settings_.config);
    if (config && config->find("worker_shutdown_timeout") == std::string::npos) {
      findings.push_back(
          {Finding::Weight::Warns,
           Error(Code::Refused,
                 settings_.config + " sets no worker_shutdown_timeout: a connection that never "
                                    "ends keeps an old worker, and so each drain, to the last",
                 "add `worker_shutdown_timeout 60s;` at its top")});
    }
    return findings;
  }

  Result<ports::SplitView> observe_split(const ports::AppRef& app) override {
    const OwnFile file = file_of(app);
    const Seen seen = TRY(file.look());
    if (seen.is_edited) return file.edited();
    auto view = own_file::view_of(seen);
    if (view.version.empty()) return view;
    const auto workers = TRY(workers_of(TRY(master_of(settings_.pid_file))));
    view.settled = is_taken_over(seen.record, workers);
    return view;
  }

  Outcome set_split(const ports::AppRef& app, const ports::Split& want, const std::string& expected,
                    std::uint64_t epoch, const OpId& op) override {
    const OwnFile file = file_of(app);
    const auto lock = file.lock();
    if (!lock) return Outcome::not_applied(lock.error());
    const auto seen = file.look();
    if (!seen) return Outcome::not_applied(seen.error());
    auto next = file.next(*seen, want, expected, epoch, op);
    if (!next) return Outcome::not_applied(next.error());
    if (!next->has_value()) return Outcome::applied();
    return write(app, file, seen->record, std::move(**next));
  }

  // Workers that had the former configuration may send something to what left, until they are gone.
  Result<ports::DrainView> observe_drain(const ports::AppRef& app) override {
    ports::DrainView view;
    const Seen seen = TRY(file_of(app).look());
    if (seen.record.leaving.empty()) return view;
    const auto alive = ids_of(TRY(workers_of(TRY(master_of(settings_.pid_file)))));
    for (const auto& one : seen.record.leaving) {
      const auto held = std::count_if(one.workers.begin(), one.workers.end(),
                                      [&](const auto& id) { return has(alive, id); });
      if (held > 0) view.draining.push_back({one.service, one.release, one.address, held});
    }
    return view;
  }

 private:
  OwnFile file_of(const ports::AppRef& app) const { return {settings_.folder, app, "conf"}; }

  Result<std::string> text_of(const ports::AppRef& app, const OwnFile& file,
                              const Record& next) const {
    return render(settings_, app, next.split,
                  {own_file::stamp(app, next.version, next.epoch, next.op),
                   file.beside("page.html"), log_file_of(settings_, app)});
  }

  Result<void> would_accept(const plan::Plan& plan) const {
    const ports::AppRef app{plan.app, plan.environment};
    const OwnFile file = file_of(app);
    const int master = TRY(master_of(settings_.pid_file));
    if (::kill(master, 0) != 0) {
      return from_errno(errno, "cannot signal nginx (process " + std::to_string(master) + ")",
                        "run the daemon as root, or as the user nginx's master runs as");
    }
    if (TRY(file.look()).is_edited) return file.edited();
    Record next;
    for (const auto& service : plan.settings.services) {
      if (!service.listens) continue;
      const std::string health = service.health ? service.health->path : "";
      next.split.fronts.push_back({service.name, service.route, health, service.drain});
    }
    return try_out(settings_, file.path(), TRY(text_of(app, file, next)));
  }

  // Everything that can be refused is asked for before anything is changed.
  Outcome write(const ports::AppRef& app, const OwnFile& file, const Record& before,
                Record next) const {
    const auto text = text_of(app, file, next);
    if (!text) return Outcome::not_applied(text.error());
    const auto master = master_of(settings_.pid_file);
    if (!master) return Outcome::not_applied(master.error());
    const auto workers = workers_of(*master);
    if (!workers) return Outcome::not_applied(workers.error());
    const auto quiet = check_quiet(before, *workers);
    if (!quiet) return Outcome::not_applied(quiet.error());
    const auto page = write_page(file, next.split);
    if (!page) return Outcome::not_applied(page.error());
    const auto tried = try_out(settings_, file.path(), *text);
    if (!tried) return Outcome::not_applied(tried.error());
    const auto intended = file.intend(before, *text);
    if (!intended) return Outcome::not_applied(intended.error());

    next.digest = sha256_hex(*text);
    next.leaving = own_file::leaving_after(before, next.split, ids_of(*workers));
    next.asked_us = io::monotonic_us();
    const auto done = carry_out(file, *text, *master, std::move(next));
    return done ? Outcome::applied() : Outcome::unknown(done.error());
  }

  static Result<void> write_page(const OwnFile& file, const ports::Split& split) {
    if (split.mode == ports::Mode::Serve) return ok();
    return io::write_file_durably(file.beside("page.html"), own_file::closed_page(split), 0644);
  }

  static Result<void> carry_out(const OwnFile& file, const std::string& text, int master,
                                Record next) {
    TRY(file.write(text));
    next.workers = ids_of(TRY(workers_of(master)));
    TRY(reload(master));
    return file.keep(next);
  }

  const Settings settings_;
};
}  // namespace

std::unique_ptr<ports::Router> make_router(Settings settings) {
  return std::make_unique<NginxRouter>(std::move(settings));
}

}  // namespace slipway::drivers::nginx

#include <algorithm>

#include "base/digest.h"
#include "drivers/haproxy/drivers.h"
#include "drivers/haproxy/master.h"
#include "drivers/haproxy/render.h"
#include "drivers/haproxy/runtime.h"
#include "drivers/haproxy/trial.h"
#include "drivers/own_file/own_file.h"
#include "drivers/own_file/words.h"
#include "io/clock.h"

namespace slipway::drivers::haproxy {
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

// The worker that takes connections began after the last reload was asked for.
bool is_taken_over(const Record& record, const Processes& now) {
  return !now.serving.empty() && !has(record.workers, now.serving);
}

bool is_recent(const Record& record) {
  const std::int64_t since = io::monotonic_us() - record.asked_us;
  return record.asked_us > 0 && since >= 0 && since < kReloadTakesUs;
}

bool is_reloading(const Record& record, const Processes& now) {
  return is_recent(record) && !is_taken_over(record, now);
}

class HaproxyRouter final : public ports::Router {
 public:
  explicit HaproxyRouter(Settings settings)
      : settings_(std::move(settings)), master_(settings_.master) {}

  plan::Capabilities capabilities() const override {
    plan::Capabilities can;
    can.router_name = "haproxy";
    can.latencies = false;
    return can;
  }

  std::vector<Finding> preflight(const plan::Plan& plan) override {
    const auto fits = would_accept(plan);
    if (fits) return {};
    return {{Finding::Weight::Blocks, fits.error()}};
  }

  Result<ports::SplitView> observe_split(const ports::AppRef& app) override {
    const OwnFile file = file_of(app);
    const Seen seen = TRY(file.look());
    if (seen.is_edited) return file.edited();
    auto view = own_file::view_of(seen);
    if (view.version.empty()) return view;
    const auto now = TRY(processes(seen.record));
    const auto changed = TRY(changed_at_runtime(app, seen.record, now));
    view.settled = !changed;
    if (changed && is_steady(seen.record, now)) return drift(*changed);
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
    return write(app, file, *seen, std::move(**next));
  }

  // What left has its requests counted by the worker that serves; of a worker from before a reload
  // it is only known that it is not gone.
  Result<ports::DrainView> observe_drain(const ports::AppRef& app) override {
    ports::DrainView view;
    const Seen seen = TRY(file_of(app).look());
    if (seen.record.leaving.empty()) return view;
    const auto now = TRY(processes(seen.record));
    const bool answers = !now.serving.empty();
    const auto counts = answers ? TRY(master_.counts()) : std::vector<ServerCounts>();
    for (const auto& one : seen.record.leaving) {
      std::int64_t running = std::count_if(
          one.workers.begin(), one.workers.end(),
          [&](const auto& pid) { return !answers || pid == now.serving || has(now.old, pid); });
      for (const auto& count : counts) {
        const bool is_it = count.backend == backend_of(app, one.service) &&
                           count.name == server_name(one.release, one.address);
        if (is_it) running += count.running;
      }
      if (running > 0) view.draining.push_back({one.service, one.release, one.address, running});
    }
    return view;
  }

 private:
  OwnFile file_of(const ports::AppRef& app) const { return {settings_.folder, app, "cfg"}; }

  Result<Rendered> text_of(const ports::AppRef& app, const OwnFile& file,
                           const Record& next) const {
    return render(
        settings_, app, next.split,
        {own_file::stamp(app, next.version, next.epoch, next.op), file.beside("page.html")});
  }

  // While a reload begins, the master executes itself anew and does not answer: nobody serves then,
  // as far as can be seen.
  Result<Processes> processes(const Record& record) const {
    auto now = master_.processes();
    if (now || !is_recent(record)) return now;
    return Processes{};
  }

  // No write of slipway's own is under way or broke off: a difference is somebody else's.
  static bool is_steady(const Record& record, const Processes& now) {
    return record.pending.empty() && !is_reloading(record, now);
  }

  static Error drift(const std::string& changed) {
    return Error(Code::Conflict, "HAProxy does not serve what slipway set: " + changed,
                 "set it back at runtime, or reload HAProxy: its file says what slipway set");
  }

  // What the runtime has differs so from the record; nullopt: nothing does.
  Result<std::optional<std::string>> changed_at_runtime(const ports::AppRef& app,
                                                        const Record& record,
                                                        const Processes& now) const {
    using Answer = std::optional<std::string>;
    if (!is_taken_over(record, now)) return Answer("no worker has read the new file yet");
    const auto present = TRY(master_.servers());
    for (const auto& front : record.split.fronts) {
      auto found = difference(backend_of(app, front.service),
                              servers_of(record.split, front.service), present);
      if (found) return Answer(std::move(found));
    }
    return Answer();
  }

  Result<void> would_accept(const plan::Plan& plan) const {
    const ports::AppRef app{plan.app, plan.environment};
    const OwnFile file = file_of(app);
    TRY(master_.processes());
    TRY(observed_without_drift(app));
    Record next;
    for (const auto& service : plan.settings.services) {
      if (!service.listens) continue;
      const std::string health = service.health ? service.health->path : "";
      next.split.fronts.push_back({service.name, service.route, health, service.drain});
    }
    return try_out(settings_, file.path(), TRY(text_of(app, file, next)).text);
  }

  Result<void> observed_without_drift(const ports::AppRef& app) const {
    const OwnFile file = file_of(app);
    const Seen seen = TRY(file.look());
    if (seen.is_edited) return file.edited();
    if (!seen.is_whole) return ok();
    const auto now = TRY(processes(seen.record));
    if (is_reloading(seen.record, now)) {
      return Error(Code::Conflict, "HAProxy is still taking over the change by " + seen.record.op,
                   "observe the split again");
    }
    if (!seen.record.pending.empty() || !is_taken_over(seen.record, now)) return ok();
    const auto changed = TRY(changed_at_runtime(app, seen.record, now));
    if (changed) return drift(*changed);
    return ok();
  }

  // Everything that can be refused is asked for before anything is changed.
  Outcome write(const ports::AppRef& app, const OwnFile& file, const Seen& seen,
                Record next) const {
    const auto quiet = observed_without_drift(app);
    if (!quiet) return Outcome::not_applied(quiet.error());
    const auto rendered = text_of(app, file, next);
    if (!rendered) return Outcome::not_applied(rendered.error());
    const auto now = master_.processes();
    if (!now) return Outcome::not_applied(now.error());
    const auto page = write_page(file, next.split);
    if (!page) return Outcome::not_applied(page.error());
    const auto tried = try_out(settings_, file.path(), rendered->text);
    if (!tried) return Outcome::not_applied(tried.error());
    const auto intended = file.intend(seen.record, rendered->text);
    if (!intended) return Outcome::not_applied(intended.error());

    next.digest = sha256_hex(rendered->text);
    next.shape = rendered->shape;
    const bool is_same_shape =
        seen.is_whole && is_taken_over(seen.record, *now) && seen.record.shape == rendered->shape;
    const auto done = is_same_shape
                          ? at_runtime(app, file, rendered->text, seen.record, std::move(next))
                          : by_reload(file, rendered->text, seen.record, *now, std::move(next));
    return done ? Outcome::applied() : Outcome::unknown(done.error());
  }

  static Result<void> write_page(const OwnFile& file, const ports::Split& split) {
    if (split.mode == ports::Mode::Serve) return ok();
    return io::write_file_durably(file.beside("page.html"), own_file::closed_page(split), 0644);
  }

  Result<void> by_reload(const OwnFile& file, const std::string& text, const Record& before,
                         const Processes& now, Record next) const {
    next.workers = now.old;
    if (!now.serving.empty()) next.workers.push_back(now.serving);
    next.leaving = own_file::leaving_after(before, next.split, next.workers);
    next.asked_us = io::monotonic_us();
    TRY(file.write(text));
    TRY(master_.reload());
    return file.keep(next);
  }

  Result<void> at_runtime(const ports::AppRef& app, const OwnFile& file, const std::string& text,
                          const Record& before, Record next) const {
    next.workers = before.workers;
    next.asked_us = before.asked_us;
    next.leaving = own_file::leaving_after(before, next.split, {});
    TRY(file.write(text));
    const auto present = TRY(master_.servers());
    const auto counts = TRY(master_.counts());
    for (const auto& front : next.split.fronts) {
      const std::string backend = backend_of(app, front.service);
      const auto wanted = servers_of(next.split, front.service);
      TRY(master_.run(commands_for(backend, wanted, present)));
      // One that got a request meanwhile refuses to go, and is taken away another time.
      static_cast<void>(master_.run(removals_for(backend, wanted, present, counts)));
    }
    return file.keep(next);
  }

  const Settings settings_;
  const Master master_;
};
}  // namespace

std::unique_ptr<ports::Router> make_router(Settings settings) {
  return std::make_unique<HaproxyRouter>(std::move(settings));
}

}  // namespace slipway::drivers::haproxy

#include "edge/tables.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::edge {
namespace {

constexpr std::size_t kMostApps = 4096;

AppVersion& app_entry(Table& table, const std::string& app, const std::string& environment) {
  for (AppVersion& entry : table.apps) {
    if (entry.app == app && entry.environment == environment) return entry;
  }
  AppVersion fresh;
  fresh.app = app;
  fresh.environment = environment;
  table.apps.push_back(fresh);
  return table.apps.back();
}

bool is_of(const Service& service, const std::string& app, const std::string& environment) {
  return service.app == app && service.environment == environment;
}

// Which apps a whole-table write changed: their version moves, so that their owners notice.
void touch_changed_apps(const Table& before, Table& next, const Write& write) {
  const auto services_of = [](const Table& table, const Service& like) {
    std::vector<Service> own;
    for (const Service& service : table.services) {
      if (is_of(service, like.app, like.environment)) own.push_back(service);
    }
    return own;
  };
  for (const Table* table : {&before, static_cast<const Table*>(&next)}) {
    const std::vector<Service> services = table->services;
    for (const Service& service : services) {
      if (services_of(before, service) == services_of(next, service)) continue;
      AppVersion& entry = app_entry(next, service.app, service.environment);
      entry.version = next.generation;
      entry.op = write.op;
    }
  }
}

}  // namespace

Tables::Tables(Engine& engine, Certificates& certificates, TableFile file, Table initial)
    : engine_(engine),
      certificates_(certificates),
      file_(std::move(file)),
      current_(std::move(initial)) {
  install(current_);
}

// A table that somebody has committed already: a certificate that went bad does not stop it.
void Tables::install(const Table& table) {
  if (auto entries = certificates_.prepare(table, {}))
    certificates_.keep(table, std::move(entries).value());
  engine_.install(table);
}

Result<void> Tables::check(const Write& write, std::uint64_t actual, std::uint64_t epoch,
                           const std::string& what) const {
  if (frozen_)
    return Error(Code::Conflict, "the edge is being replaced by a newer process",
                 "try again in a moment");
  if (write.epoch < epoch)
    return Error(Code::Fenced,
                 fmt::format("{} was last written in epoch {}, this write is of epoch {}", what,
                             epoch, write.epoch),
                 "this daemon is no longer the owner; stop it");
  if (write.expected == actual) return ok();
  return Error(
      Code::Conflict,
      fmt::format("{} is at version {}, this write expected {}", what, actual, write.expected),
      "read it again and decide anew");
}

Result<void> Tables::replace_all(const Write& write, std::vector<Service> services) {
  if (!write.op.empty() && write.op == current_.op && write.epoch == current_.epoch) return ok();
  TRY(check(write, current_.generation, current_.epoch, "the edge's table"));
  Table next = current_;
  next.generation = current_.generation + 1;
  next.epoch = write.epoch;
  next.op = write.op;
  next.services = services;
  touch_changed_apps(current_, next, write);
  return commit(std::move(next), services, write.check_only);
}

Result<void> Tables::replace_app(const Write& write, const std::string& app,
                                 const std::string& environment, std::vector<Service> services) {
  Table next = current_;
  AppVersion& entry = app_entry(next, app, environment);
  if (!write.op.empty() && write.op == entry.op && write.epoch >= entry.epoch) return ok();
  TRY(check(write, entry.version, entry.epoch, fmt::format("{}/{}", app, environment)));
  if (next.apps.size() > kMostApps)
    return Error(Code::TooLarge, "the edge's table knows too many apps");
  next.generation = current_.generation + 1;
  next.op = write.op;
  entry.version = next.generation;
  entry.epoch = write.epoch;
  entry.op = write.op;
  std::erase_if(next.services, [&](const Service& s) { return is_of(s, app, environment); });
  for (Service& service : services) {
    if (service.app.empty()) service.app = app;
    if (service.environment.empty()) service.environment = environment;
    if (!is_of(service, app, environment))
      return Error(Code::Malformed,
                   fmt::format("service {} belongs to {}/{}, not to {}/{}", service.name,
                               service.app, service.environment, app, environment));
    next.services.push_back(service);
  }
  return commit(std::move(next), services, write.check_only);
}

Result<void> Tables::commit(Table next, const std::vector<Service>& written, bool check_only) {
  TRY(validate(next));
  TRY(check_error_pages(written, current_.services));
  auto entries = TRY(certificates_.prepare(next, written));
  if (check_only) return ok();
  TRY(file_.save(next));
  certificates_.keep(next, std::move(entries));
  engine_.install(next);
  current_ = std::move(next);
  if (on_change_) on_change_(current_);
  return ok();
}

void Tables::follow(Table table) {
  install(table);
  current_ = std::move(table);
}

}  // namespace slipway::edge

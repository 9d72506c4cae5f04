#pragma once
// Lookout: what there is to look at, and the drivers to look with. Shelf keeps stored plans parsed.
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/house.h"

namespace slipway::daemon {

class Releases;

struct Stored {
  ports::ReleaseRow row;  // as it was when it was read: the outcome may have come since
  plan::Plan plan;
};

class Shelf {
 public:
  explicit Shelf(ports::Store& store) : store_(store) {}
  Result<std::shared_ptr<const Stored>> release(const std::string& id);

 private:
  static constexpr std::size_t kMost = 64;
  ports::Store& store_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Stored>> kept_;
};

class Lookout {
 public:
  Lookout(House& house, Shelf& shelf, Releases& releases)
      : house_(house), shelf_(shelf), releases_(releases) {}

  Result<std::vector<ports::AppRef>> apps() { return house_.store.apps(); }
  // The settings in force: of the running release, else of the live one, else of the newest.
  Result<config::Environment> settings(const ports::AppRef& app);
  // A set of drivers of one's own.
  Result<std::unique_ptr<DriverSet>> make_drivers(const ports::AppRef& app);
  // The set kept for looking, one caller at a time per environment.
  Result<void> with_drivers(const ports::AppRef& app,
                            const std::function<Result<void>(DriverSet&)>& body);
  Shelf& shelf() { return shelf_; }

 private:
  struct Kept {
    std::mutex mutex;
    std::string key;  // what the set was made for
    std::unique_ptr<DriverSet> drivers;
  };
  House& house_;
  Shelf& shelf_;
  Releases& releases_;
  std::mutex mutex_;
  std::map<ports::AppRef, std::shared_ptr<Kept>> kept_;
};

}  // namespace slipway::daemon

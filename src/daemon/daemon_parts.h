#pragma once
// Parts: everything the API asks, put together by the daemon in the order of the members.
#include <atomic>

#include "daemon/access.h"
#include "daemon/approvals.h"
#include "daemon/caretaker.h"
#include "daemon/confirmations.h"
#include "daemon/courier.h"
#include "daemon/event_hub.h"
#include "daemon/house.h"
#include "daemon/incidents.h"
#include "daemon/incoming_alerts.h"
#include "daemon/links.h"
#include "daemon/log_tail.h"
#include "daemon/maintenance.h"
#include "daemon/releases.h"
#include "daemon/renewals.h"
#include "daemon/standstill.h"
#include "daemon/status.h"
#include "daemon/timed_store.h"
#include "daemon/upkeep.h"
#include "daemon/watcher.h"

namespace slipway::daemon {

enum class Stage { Starting, Ready, Stopping };

struct Parts {
  Parts(House& the_house, TimedStore& the_store)
      : house(the_house),
        store(the_store),
        tokens(house.store, house.clock, house.random),
        releases(house, hub),
        approvals(house, releases),
        confirmations(house, releases),
        shelf(house.store),
        lookout(house, shelf, releases),
        maintenance(house, lookout, releases),
        watcher(house, lookout, hub),
        standstill(house, lookout, releases, maintenance),
        upkeep(house, lookout, releases, maintenance, standstill),
        log_tail(house, lookout),
        renewals(house, lookout),
        caretaker(house, lookout, releases),
        courier(house),
        links(house, releases, lookout, approvals, confirmations),
        incidents(house, lookout, releases),
        incoming_alerts(house, lookout, incidents),
        status(house, store, lookout, releases, maintenance, standstill, watcher, upkeep) {}

  House& house;
  TimedStore& store;
  EventHub hub;
  Tokens tokens;
  Releases releases;
  Approvals approvals;
  Confirmations confirmations;
  Shelf shelf;
  Lookout lookout;
  Maintenance maintenance;
  Watcher watcher;
  Standstill standstill;
  Upkeep upkeep;
  LogTail log_tail;
  Renewals renewals;
  Caretaker caretaker;
  Courier courier;
  Links links;
  Incidents incidents;
  IncomingAlerts incoming_alerts;
  Status status;
  std::atomic<Stage> stage{Stage::Starting};
};

}  // namespace slipway::daemon

#pragma once
// What a service lets in and how much of it: the member "shield" of a service in
// docs/formats/edge-table.md. A plain value; what the workers use is compiled from it
// (edge/guard.h).
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace slipway::edge {

// A token bucket: `requests` in every `per_s` seconds, `burst` of them at once.
struct Rate {
  std::int64_t requests = 0;  // 0: no limit
  std::int64_t per_s = 1;
  std::int64_t burst = 0;  // 0: as many as `requests`
  bool on() const { return requests > 0; }
  friend bool operator==(const Rate&, const Rate&) = default;
};

struct RouteLimit {
  std::string path = "/";            // a prefix, at segment boundaries, before any is stripped
  std::vector<std::string> methods;  // empty: all
  Rate rate;                         // of one client
  std::int64_t concurrent = 0;       // requests at once, of all clients; 0: no limit
  std::int64_t concurrent_per_client = 0;
  friend bool operator==(const RouteLimit&, const RouteLimit&) = default;
};

struct Shield {
  std::vector<std::string> allow;  // CIDRs; not empty: only these
  std::vector<std::string> deny;   // CIDRs; stronger than `allow`
  Rate rate;                       // of one client
  std::string client_header;       // who a client is to the limits: this field's value
  std::int64_t concurrent = 0;
  std::int64_t concurrent_per_client = 0;
  std::vector<RouteLimit> routes;
  std::int64_t max_request_body = 0;  // bytes; 0: no limit
  std::int64_t max_response_body = 0;
  bool buffer_requests = false;
  bool buffer_responses = false;
  std::int64_t buffer_memory = std::int64_t{1} << 20;  // bytes for one body
  std::int64_t min_upload_rate = 240;                  // bytes per second; 0: no limit
  std::int64_t min_download_rate = 240;
  std::string error_pages;  // folder with 503.html, 5xx.html …
  friend bool operator==(const Shield&, const Shield&) = default;
};

Json to_json(const Shield& shield);
Result<void> read_shield(const Json& json, Shield& shield);
// What the shapes alone cannot say; the text is the reason.
Result<void> check_shield(const Shield& shield);

}  // namespace slipway::edge

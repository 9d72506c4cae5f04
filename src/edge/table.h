#pragma once
// The routing table as people and files see it: docs/formats/edge-table.md. A plain value; what the
// workers route by is compiled from it (edge/routes.h).
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "edge/compress_rules.h"
#include "edge/shield.h"
#include "edge/traffic.h"

namespace slipway::edge {

inline constexpr int kTableFormat = 1;
inline constexpr int kWholeWeight = 10'000;  // basis points

enum class ServiceState : std::uint8_t { Live, Paused, Stopped, Maintenance };
std::string_view name_of(ServiceState state);

struct Pool {
  std::string release;
  int weight = kWholeWeight;
  std::vector<std::string> targets;  // "127.0.0.1:20001"
  // Those that only read: GET and HEAD go to them, everything else to `targets`.
  std::vector<std::string> read_targets{};
  Balance balance = Balance::OfService;
  std::vector<int> weights{};  // of `targets`; empty: all alike
  friend bool operator==(const Pool&, const Pool&) = default;
};

struct Timeouts {
  Millis connect{5'000};
  Millis response{30'000};
  Millis client_body{30'000};
  Millis upstream_idle{300'000};
  Millis client_write{60'000};
  Millis tunnel_idle{3'600'000};
  friend bool operator==(const Timeouts&, const Timeouts&) = default;
};

struct CertificateFiles {
  std::string certificate;  // PEM, the chain included
  std::string key;
  friend bool operator==(const CertificateFiles&, const CertificateFiles&) = default;
};

struct Tls {
  std::string certificate;  // PEM files; empty: no TLS
  std::string key;
  std::vector<CertificateFiles> more;  // for hosts that the first does not name
  bool redirect = true;
  std::int64_t hsts_s = 0;  // Strict-Transport-Security max-age; 0: not sent
  bool enabled() const { return !certificate.empty(); }
  friend bool operator==(const Tls&, const Tls&) = default;
};

struct Service {
  std::string name;
  std::string app;
  std::string environment;
  std::vector<std::string> hosts;  // empty: every host nobody else names
  std::vector<std::string> paths{"/"};
  bool strip_prefix = true;
  Tls tls;
  ServiceState state = ServiceState::Live;
  std::string message;
  std::string page;
  int retry_after_s = 60;
  Millis max_pause{30'000};
  std::string health_path = "/up";
  std::vector<std::string> allow;  // CIDRs
  bool release_header = false;
  bool forward_headers = false;
  std::vector<std::string> trusted_proxies;  // CIDRs
  bool traceparent = true;
  Timeouts timeouts;
  Millis drain{30'000};
  Traffic traffic;
  Shield shield;
  Compress compress;
  std::vector<Pool> pools;
  friend bool operator==(const Service&, const Service&) = default;
};

struct AppVersion {
  std::string app;
  std::string environment;
  std::uint64_t version = 0;  // the generation of the last change; 0: never written
  std::uint64_t epoch = 0;
  std::string op;
  friend bool operator==(const AppVersion&, const AppVersion&) = default;
};

struct Table {
  std::uint64_t generation = 0;
  std::uint64_t epoch = 0;
  std::string op;
  std::vector<AppVersion> apps;
  std::vector<Service> services;

  const AppVersion* app_version(std::string_view app, std::string_view environment) const;
  friend bool operator==(const Table&, const Table&) = default;
};

Json to_json(const Service& service);
Json to_json(const Table& table);
// Unknown members, wrong types and values out of range are Malformed, naming the member.
Result<Service> service_from_json(const Json& json);
Result<std::vector<Service>> services_from_json(const Json& array);
Result<Table> table_from_json(const Json& json);
// What the shapes alone cannot say: hosts not taken twice, weights, addresses, CIDRs.
Result<void> validate(const Table& table);
// The folders of error pages can be read. Asked only of those that `before` does not have for the
// same service: a page that went missing must not keep a release from being switched.
Result<void> check_error_pages(const std::vector<Service>& services,
                               const std::vector<Service>& before);

}  // namespace slipway::edge

#pragma once
// How a service's requests are spread over its releases and their targets: the member "traffic" of
// a service in docs/formats/edge-table.md. A plain value.
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace slipway::edge {

struct Pool;
struct Service;
class Members;

// How one of a release's targets is chosen. OfService: as the service says (pools only).
enum class Balance : std::uint8_t { OfService, RoundRobin, LeastRequests, TwoChoices };

// Which release answers: by weight for each request, or by weight for each client, who then stays.
struct SplitRule {
  enum class By : std::uint8_t { Request, Client };
  enum class Key : std::uint8_t { OwnCookie, Cookie, Header, Address };
  // What becomes of a client whose request lacks the cookie or header.
  enum class Without : std::uint8_t { OwnCookie, Address, First };
  By by = By::Request;
  Key key = Key::OwnCookie;
  std::string name;  // of the cookie or header
  Without without = Without::OwnCookie;
  std::vector<std::string> list;  // values of the key that always get the last release
  friend bool operator==(const SplitRule&, const SplitRule&) = default;
};

// A client keeps its target; a cookie names it without telling its address.
struct Sticky {
  std::string cookie;          // empty: not sticky
  std::int64_t max_age_s = 0;  // 0: until the browser is closed
  friend bool operator==(const Sticky&, const Sticky&) = default;
};

// Who knows the token may ask for a release by name, whatever its weight.
struct Preview {
  std::string token_sha256;  // lower case hex; empty: off
  friend bool operator==(const Preview&, const Preview&) = default;
};

// When a target that fails is left alone for a while.
struct Ejection {
  int connect_failures = 1;  // in a row; 0: never for these
  int bad_answers = 0;       // 5xx, time-outs and broken answers in a row; 0: never for these
  Millis first{1'000};       // doubled each time the trial after it fails
  Millis most{30'000};
  int max_percent = 50;  // of a release's targets at once; one of two or more always may
  friend bool operator==(const Ejection&, const Ejection&) = default;
};

// The edge asks every target by itself.
struct HealthChecks {
  std::string path;  // empty: off
  Millis interval{5'000};
  Millis timeout{2'000};
  int healthy = 2;    // answers in a row until a sick target is used again
  int unhealthy = 3;  // failures in a row until it is not
  friend bool operator==(const HealthChecks&, const HealthChecks&) = default;
};

// What is tried once more elsewhere. All but `connect` only for idempotent requests without a body,
// and only within the budget.
struct Retry {
  bool connect = true;
  bool reset = false;
  bool bad_gateway = false;  // 502
  bool unavailable = false;  // 503
  bool timeout = false;      // 504
  int budget_percent = 20;   // of the requests
  friend bool operator==(const Retry&, const Retry&) = default;
};

// Copies of safe requests for a release, whose answers nobody sees.
struct MirrorRule {
  std::string release;  // empty: the last of the table, while there are others
  int share = 0;        // basis points; 0: off
  friend bool operator==(const MirrorRule&, const MirrorRule&) = default;
};

struct Traffic {
  Balance balance = Balance::RoundRobin;
  std::string key;  // goes into every hash of a client and a target
  SplitRule split;
  Sticky sticky;
  Preview preview;
  Millis writer_affinity{3'000};  // after a write, reads go to the writer so long; 0: not
  Ejection ejection;
  HealthChecks checks;
  Retry retry;
  MirrorRule mirror;
  std::vector<std::string> assets;  // path prefixes that every release may answer
  friend bool operator==(const Traffic&, const Traffic&) = default;
};

Json to_json(const Traffic& traffic);
Result<void> read_traffic(const Json& json, Traffic& traffic);
std::string_view name_of(Balance balance);
void read_balance(Members& members, Balance& balance);
// Does this pool of the service get requests that did not ask for it by name?
bool gets_requests(const Service& service, const Pool& pool);
// The release that gets copies; empty: none.
std::string mirror_release(const Service& service);
// What the shapes alone cannot say; nothing wrong: empty.
std::string wrong_with_traffic(const Service& service);

}  // namespace slipway::edge

#pragma once
// Renewals: twice a day, at no fixed hour, what slipway edge certificate obtain got is renewed
// where it is due, by slipway edge certificate renew as a child; and whom notify names for
// certificate is told of one that ends soon. Traffic needs none of this: the edge goes on with what
// it has.
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/lookout.h"

namespace slipway::daemon {

// A certificate that ends soon, or has ended.
struct Expiring {
  std::string certificate;  // its file
  std::string expires_at;
  std::int64_t seconds = 0;  // left
  std::string text;          // a sentence
  int stage() const;         // 14, 7, 3, 1, 0 days: each is told once
};
// Those in the edge's own account (GET /v1/edge) that end within 14 days.
std::vector<Expiring> expiring_certificates(const Json& edge);
// What the channels of an environment get, when one of its services is served with it.
std::optional<ports::Telling> telling_of(const Expiring& expiring, const ports::AppRef& app,
                                         const config::Environment& settings, std::int64_t now_ms);

class Renewals {
 public:
  Renewals(House& house, Lookout& lookout) : house_(house), lookout_(lookout) {}
  ~Renewals() { close(); }
  void start();
  void close();  // a certbot under way goes on by itself

 private:
  void work();
  bool rest(Millis time);  // false: closing
  void renew();
  void look_at_expiry();
  Result<bool> tell(const Expiring& expiring);

  House& house_;
  Lookout& lookout_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closing_ = false;
  std::thread thread_;
};

// Ten to fourteen hours: authorities ask not to be called by everybody at the same time.
Millis until_next_renewal(Random& random);

}  // namespace slipway::daemon

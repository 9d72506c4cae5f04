#pragma once
// Renewals: twice a day, at no fixed hour, what slipway edge certificate obtain got is renewed
// where it is due, by slipway edge certificate renew as a child; and who serves a certificate that
// ends soon is warned. Traffic needs none of this: the edge goes on with what it has.
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/house.h"

namespace slipway::daemon {

class Renewals {
 public:
  explicit Renewals(House& house) : house_(house) {}
  ~Renewals() { close(); }
  void start();
  void close();  // a certbot under way goes on by itself

 private:
  void work();
  bool rest(Millis time);  // false: closing
  void renew();
  void look_at_expiry();

  House& house_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closing_ = false;
  std::thread thread_;
};

// Ten to fourteen hours: authorities ask not to be called by everybody at the same time.
Millis until_next_renewal(Random& random);
// A sentence for each certificate in the edge's own account (GET /v1/edge) that ends within 14 days
// or has ended.
std::vector<std::string> expiry_warnings(const Json& edge);

}  // namespace slipway::daemon

// Whether a request may go on to its service: limits per client and route, access lists.
#include "edge/worker.h"

namespace slipway::edge {

// True when the request must not reach the service; `answer` is then what the client is told.
bool Worker::refuses(Client&, const http::RequestHead&, const Match&, LocalAnswer&) {
  return false;
}

// Called once for each exchange, when it is over: what it held of a limit is free again.
void Worker::let_go(Exchange&) {}

}  // namespace slipway::edge

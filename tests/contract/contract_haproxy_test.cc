// A real HAProxy under the router's contract, and what is particular to it.
#include "tests/contract/haproxy_process.h"
#include "tests/contract/router_contract.h"

namespace slipway::contract {
namespace {
namespace haproxy = drivers::haproxy;

class HaproxyRouterRig : public RouterRig {
 public:
  void pass(Millis at_most) override { ::poll(nullptr, 0, static_cast<int>(at_most.count())); }
  ports::Router& driver() override { return *driver_; }
  std::unique_ptr<ports::Router> another() override {
    return haproxy::make_router(haproxy_.settings());
  }
  std::string address(int which) override {
    return which == 0 ? request_.app().address() : "127.0.0.1:9";
  }
  void begin_request() override { request_.begin(); }
  void end_request() override { request_.end(); }

 private:
  HaproxyProcess haproxy_;
  WaitingRequest request_{haproxy_.port()};
  std::unique_ptr<ports::Router> driver_ = another();
};

std::unique_ptr<RouterRig> make_router() { return std::make_unique<HaproxyRouterRig>(); }
}  // namespace

INSTANTIATE_TEST_SUITE_P(Haproxy, RouterContract, ::testing::Values(&make_router));
}  // namespace slipway::contract

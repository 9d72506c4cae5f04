#pragma once
// What the tests of this folder share: instances that say who they are, splits, and waiting for a
// router to take them over.
#include "drivers/nginx/drivers.h"
#include "ports/router.h"
#include "tests/contract/router_process.h"

namespace slipway::routers {

inline const ports::AppRef kShop{"shop", "production"};

// Answers everything with its name and the path it was asked for; /fail with 500.
class Named {
 public:
  explicit Named(std::string name) : name_(std::move(name)) {}
  std::string address() const { return server_.address(); }

 private:
  std::string name_;
  drivers::TestServer server_{
      [this](const http::Request& request, const std::shared_ptr<http::Responder>& responder) {
        const bool fails = request.target.starts_with("/fail");
        responder->respond(fails ? 500 : 200, name_ + " " + request.target);
      }};
};

inline ports::Front front_of(const std::string& service) {
  ports::Front front;
  front.service = service;
  front.route.hosts = {"shop.test"};
  front.health_path = "/health";
  return front;
}

inline ports::Split split_of(std::vector<ports::Share> shares) {
  ports::Split split;
  split.shares = std::move(shares);
  split.fronts = {front_of("web")};
  return split;
}

template <class Holds>
bool becomes_true(Holds holds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

// Writes as the engine does: on what is there, then looks until it is served.
class Driven {
 public:
  explicit Driven(ports::Router& router) : router_(router) {}

  ports::Outcome try_set(const ports::Split& want) {
    const auto now = router_.observe_split(kShop);
    if (!now) return ports::Outcome::not_applied(now.error());
    return router_.set_split(kShop, want, now->version, 1, {"r-0001", "shift", ++attempt_});
  }
  void set(const ports::Split& want) {
    const auto outcome = try_set(want);
    ASSERT_EQ(outcome.kind, ports::Outcome::Kind::Applied) << outcome.why.sentence();
    EXPECT_TRUE(becomes_true([&] {
      const auto view = router_.observe_split(kShop);
      return view && view->settled && view->split.shares == want.shares;
    })) << "the router does not serve what it was given";
  }
  bool becomes_drained() {
    return becomes_true([&] {
      const auto view = router_.observe_drain(kShop);
      return view && view->draining.empty();
    });
  }

 private:
  ports::Router& router_;
  int attempt_ = 0;
};

inline http::Response ask(int port, const std::string& target,
                          const std::string& host = "shop.test",
                          const std::string& method = "GET") {
  http::Call call;
  call.method = method;
  call.target = target;
  call.fields.push_back({"Host", host});
  const auto response = http::Client::on_tcp("127.0.0.1", port).request(call);
  EXPECT_TRUE(response) << response.error().sentence();
  return response ? *response : http::Response{};
}

// slipway_load in front of a router until it is told to stop.
class Load {
 public:
  Load(int port, double rate, const std::string& folder) : folder_(folder) {
    io::ChildSpec spec;
    spec.argv = {SLIPWAY_LOAD,
                 "--url",
                 "http://127.0.0.1:" + std::to_string(port) + "/item",
                 "--host",
                 "shop.test",
                 "--rate",
                 std::to_string(rate),
                 "--until-file",
                 folder_ + "/stop",
                 "--report",
                 folder_ + "/report.json"};
    auto child = io::spawn(spec);
    EXPECT_TRUE(child) << child.error().sentence();
    if (child) child_ = std::move(child).value();
  }
  ~Load() {
    if (child_.pid != 0) report();
  }
  Json report() {
    contract::write_text(folder_ + "/stop", "");
    EXPECT_TRUE(io::wait_for(child_, Millis(20'000)));
    child_ = {};
    const auto json = Json::parse(io::read_file(folder_ + "/report.json").value_or("{}"));
    return json ? *json : Json::object();
  }

 private:
  std::string folder_;
  io::Child child_;
};

}  // namespace slipway::routers

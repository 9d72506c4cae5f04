#include "ports/split_json.h"

#include <algorithm>
#include <array>

namespace slipway::ports {
namespace {

Json front_json(const Front& front) {
  Json out = Json::object();
  out.set("service", front.service)
      .set("hosts", Json::array_of(front.route.hosts))
      .set("paths", Json::array_of(front.route.paths))
      .set("strip_path", front.route.strip_path)
      .set("health_path", front.health_path)
      .set("drain_ms", std::int64_t{front.drain.count()});
  if (!front.edge.is_null()) out.set("edge", front.edge);
  return out;
}

Front front_of(const Json& json) {
  Front front;
  front.service = json.text("service");
  front.route.hosts = json.strings("hosts");
  front.route.paths = json.strings("paths");
  front.route.strip_path = json.flag("strip_path", true);
  front.health_path = json.text("health_path");
  front.drain = Millis(json.integer("drain_ms", front.drain.count()));
  front.edge = json.at("edge");
  return front;
}

}  // namespace

Json to_json(const Split& split) {
  Json shares = Json::array();
  for (const auto& share : split.shares) {
    shares.push_back(Json::object()
                         .set("service", share.service)
                         .set("release", share.release)
                         .set("percent", share.percent)
                         .set("addresses", Json::array_of(share.addresses)));
  }
  Json fronts = Json::array();
  for (const auto& front : split.fronts) fronts.push_back(front_json(front));
  return Json::object()
      .set("shares", std::move(shares))
      .set("fronts", std::move(fronts))
      .set("mode", name_of(split.mode))
      .set("message", split.message)
      .set("retry_after_ms", std::int64_t{split.retry_after.count()})
      .set("allow", Json::array_of(split.allow))
      .set("page", split.page);
}

Result<Split> split_from_json(const Json& json) {
  constexpr std::array kModes{Mode::Serve, Mode::Maintenance, Mode::Paused, Mode::Stopped};
  if (!json.at("shares").is_array()) return Error(Code::Malformed, "no array \"shares\"");
  Split split;
  for (const auto& share : json.at("shares").items()) {
    split.shares.push_back({share.text("service"), share.text("release"), share.number("percent"),
                            share.strings("addresses")});
  }
  for (const auto& front : json.at("fronts").items()) split.fronts.push_back(front_of(front));
  const std::string name = json.text("mode");
  const auto* const mode =
      std::find_if(kModes.begin(), kModes.end(), [&](Mode one) { return name_of(one) == name; });
  if (mode == kModes.end()) return Error(Code::Malformed, "\"mode\" is \"" + name + "\"");
  split.mode = *mode;
  split.message = json.text("message");
  split.retry_after = Millis(json.integer("retry_after_ms", split.retry_after.count()));
  split.allow = json.strings("allow");
  split.page = json.text("page");
  return split;
}

}  // namespace slipway::ports

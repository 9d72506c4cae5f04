#include "drivers/own_file/record.h"

#include <algorithm>
#include <array>

namespace slipway::drivers::own_file {
namespace {
constexpr int kFormat = 1;

Error malformed(const std::string& why) {
  return Error(Code::Corrupt, "the record of what slipway wrote for the router is damaged: " + why,
               "remove the record and the file it describes, then deploy again");
}

Json front_json(const ports::Front& front) {
  return Json::object()
      .set("service", front.service)
      .set("hosts", Json::array_of(front.route.hosts))
      .set("paths", Json::array_of(front.route.paths))
      .set("strip_path", front.route.strip_path)
      .set("health_path", front.health_path)
      .set("drain_ms", std::int64_t{front.drain.count()})
      .set("edge", front.edge);
}

ports::Front front_from(const Json& json) {
  ports::Front front;
  front.service = json.text("service");
  front.route = {json.strings("hosts"), json.strings("paths"), json.flag("strip_path", true)};
  front.health_path = json.text("health_path");
  front.drain = Millis(json.integer("drain_ms", front.drain.count()));
  front.edge = json.at("edge");
  return front;
}

Json leaving_json(const Leaving& leaving) {
  return Json::object()
      .set("service", leaving.service)
      .set("release", leaving.release)
      .set("address", leaving.address)
      .set("workers", Json::array_of(leaving.workers));
}

bool has_traffic(const ports::Split& split, const std::string& address) {
  return std::any_of(split.shares.begin(), split.shares.end(), [&](const auto& share) {
    return share.percent > 0 && std::find(share.addresses.begin(), share.addresses.end(),
                                          address) != share.addresses.end();
  });
}
}  // namespace

Json to_json(const ports::Split& split) {
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
      .set("mode", ports::name_of(split.mode))
      .set("message", split.message)
      .set("retry_after_ms", std::int64_t{split.retry_after.count()})
      .set("allow", Json::array_of(split.allow))
      .set("page", split.page);
}

Result<ports::Split> split_from_json(const Json& json) {
  using ports::Mode;
  constexpr std::array kModes{Mode::Serve, Mode::Maintenance, Mode::Paused, Mode::Stopped};
  ports::Split split;
  for (const auto& share : json.at("shares").items()) {
    split.shares.push_back({share.text("service"), share.text("release"), share.number("percent"),
                            share.strings("addresses")});
  }
  for (const auto& front : json.at("fronts").items()) split.fronts.push_back(front_from(front));
  const std::string name = json.text("mode", "serve");
  const auto* const mode = std::find_if(kModes.begin(), kModes.end(),
                                        [&](Mode one) { return ports::name_of(one) == name; });
  if (mode == kModes.end()) return malformed("unknown mode \"" + name + "\"");
  split.mode = *mode;
  split.message = json.text("message");
  split.retry_after = Millis(json.integer("retry_after_ms", split.retry_after.count()));
  split.allow = json.strings("allow");
  split.page = json.text("page");
  return split;
}

Json to_json(const Record& record) {
  Json leaving = Json::array();
  for (const auto& one : record.leaving) leaving.push_back(leaving_json(one));
  return Json::object()
      .set("slipway", kFormat)
      .set("version", record.version)
      .set("epoch", record.epoch)
      .set("op", record.op)
      .set("digest", record.digest)
      .set("pending", record.pending)
      .set("shape", record.shape)
      .set("workers", Json::array_of(record.workers))
      .set("asked_us", record.asked_us)
      .set("leaving", std::move(leaving))
      .set("split", to_json(record.split));
}

Result<Record> record_from_json(const Json& json) {
  if (!json.is_object() || json.integer("slipway") != kFormat) {
    return malformed("it is not in format " + std::to_string(kFormat));
  }
  Record record;
  record.version = json.integer("version");
  record.epoch = static_cast<std::uint64_t>(json.integer("epoch"));
  record.op = json.text("op");
  record.digest = json.text("digest");
  record.pending = json.text("pending");
  record.shape = json.text("shape");
  record.workers = json.strings("workers");
  record.asked_us = json.integer("asked_us");
  for (const auto& one : json.at("leaving").items()) {
    record.leaving.push_back(
        {one.text("service"), one.text("release"), one.text("address"), one.strings("workers")});
  }
  record.split = TRY(split_from_json(json.at("split")));
  return record;
}

std::vector<Leaving> leaving_after(const Record& before, const ports::Split& want,
                                   const std::vector<std::string>& workers) {
  std::vector<Leaving> out;
  for (const auto& one : before.leaving) {
    if (!has_traffic(want, one.address)) out.push_back(one);
  }
  for (const auto& share : before.split.shares) {
    if (share.percent <= 0) continue;
    for (const auto& address : share.addresses) {
      if (has_traffic(want, address)) continue;
      std::erase_if(out, [&](const Leaving& one) { return one.address == address; });
      out.push_back({share.service, share.release, address, workers});
    }
  }
  return out;
}

}  // namespace slipway::drivers::own_file

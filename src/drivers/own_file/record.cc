#include "drivers/own_file/record.h"

#include <algorithm>

#include "ports/split_json.h"

namespace slipway::drivers::own_file {
namespace {
constexpr int kFormat = 1;

Error malformed(const std::string& why) {
  return Error(Code::Corrupt, "the record of what slipway wrote for the router is damaged: " + why,
               "remove the record and the file it describes, then deploy again");
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
  auto split = ports::split_from_json(json.at("split"));
  if (!split) return malformed(split.error().what);
  record.split = std::move(split).value();
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

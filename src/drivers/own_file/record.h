#pragma once
// Record: what slipway last wrote into a proxy's configuration, and what may still be running of
// what was there before. Kept as JSON beside the file it describes (docs/formats/router-files.md).
// Pure.
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "ports/router.h"

namespace slipway::drivers::own_file {

// An address that got traffic before the last writes and gets none now.
struct Leaving {
  std::string service;
  std::string release;
  std::string address;
  std::vector<std::string> workers;  // those that may still send it something
};

struct Record {
  std::int64_t version = 0;  // 0: nothing was written yet
  std::uint64_t epoch = 0;
  std::string op;
  ports::Split split;
  std::string digest;   // of the file's bytes
  std::string pending;  // of the bytes a write that is under way puts there
  std::string shape;    // of the part that only a reload can change; drivers that have one
  std::vector<std::string> workers;  // that ran before the last reload: they have what was before
  std::int64_t asked_us = 0;         // monotonic time of that reload
  std::vector<Leaving> leaving;
};

Json to_json(const Record& record);
Result<Record> record_from_json(const Json& json);

// What leaves when `want` takes the place of `before.split`: served until now by `workers`.
std::vector<Leaving> leaving_after(const Record& before, const ports::Split& want,
                                   const std::vector<std::string>& workers);

}  // namespace slipway::drivers::own_file

#pragma once
// Which responses of a service are compressed: the member "compress" of a service in
// docs/formats/edge-table.md. A plain value.
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "edge/compress.h"

namespace slipway::edge {

struct Compress {
  std::vector<Coding> algorithms;  // best first; empty: nothing is compressed
  int min_bytes = 1024;            // a response known to be shorter is left as it is
  // "type/subtype", "type/*", "*+suffix".
  std::vector<std::string> types{"text/*",
                                 "application/json",
                                 "application/javascript",
                                 "application/xml",
                                 "application/wasm",
                                 "*+json",
                                 "*+xml"};
  CompressLevels levels;
  friend bool operator==(const Compress&, const Compress&) = default;
};

Json to_json(const Compress& compress);
Result<void> read_compress(const Json& json, Compress& compress);

}  // namespace slipway::edge

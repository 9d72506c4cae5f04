#include "edge/compress_rules.h"

#include <algorithm>

#include "edge/members.h"
#include "http/parser.h"

namespace slipway::edge {
namespace {

constexpr int kMostMinBytes = 1 << 30;
constexpr const char* kAlgorithms = "a list of zstd, br and gzip, each at most once";

void read_algorithms(Members& members, std::vector<Coding>& algorithms) {
  std::vector<std::string> names;
  for (Coding coding : algorithms) names.emplace_back(name_of(coding));
  members.texts("algorithms", names);
  algorithms.clear();
  for (const std::string& name : names) {
    bool known = false;
    for (std::size_t i = 0; i < kCodings; ++i) {
      const auto coding = static_cast<Coding>(i);
      if (name != name_of(coding)) continue;
      known = std::find(algorithms.begin(), algorithms.end(), coding) == algorithms.end();
      if (known) algorithms.push_back(coding);
    }
    if (!known) return members.wrong("algorithms", kAlgorithms);
  }
}

bool is_type(const std::string& text) {
  if (text.starts_with("*+")) return http::is_token(std::string_view(text).substr(2));
  const std::size_t slash = text.find('/');
  return slash != std::string::npos && http::is_token(std::string_view(text).substr(0, slash)) &&
         http::is_token(std::string_view(text).substr(slash + 1)) && text[0] != '*';
}

void read_level(Members& members, const char* key, int least, int& level) {
  members.number(key, level, kHighestLevel);
  if (level < least) members.wrong(key, "a whole number from 1 to 9");
}

}  // namespace

Json to_json(const Compress& compress) {
  Json algorithms = Json::array();
  for (Coding coding : compress.algorithms) algorithms.push_back(Json(name_of(coding)));
  Json json = Json::object();
  json.set("algorithms", algorithms).set("min_bytes", compress.min_bytes);
  json.set("types", Json::array_of(compress.types));
  json.set("zstd_level", compress.levels.zstd).set("br_level", compress.levels.brotli);
  return json.set("gzip_level", compress.levels.gzip);
}

Result<void> read_compress(const Json& json, Compress& compress) {
  Members members(json, "\"compress\" of a service of the edge's table");
  read_algorithms(members, compress.algorithms);
  members.number("min_bytes", compress.min_bytes, kMostMinBytes);
  members.texts("types", compress.types);
  for (const std::string& type : compress.types) {
    if (!is_type(type))
      members.wrong("types", "a list of \"type/subtype\", \"type/*\" and \"*+suffix\"");
  }
  read_level(members, "zstd_level", 1, compress.levels.zstd);
  read_level(members, "br_level", 0, compress.levels.brotli);
  read_level(members, "gzip_level", 1, compress.levels.gzip);
  return members.finish();
}

}  // namespace slipway::edge

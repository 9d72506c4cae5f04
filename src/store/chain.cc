#include "store/chain.h"

#include "base/digest.h"

namespace slipway::store {
namespace {
// A netstring: with lengths in front, no two different rows can give the same bytes.
void add_field(Sha256& digest, std::string_view text) {
  digest.add(std::to_string(text.size()));
  digest.add(":");
  digest.add(text);
  digest.add(",");
}
}  // namespace

std::string chain_start() { return std::string(64, '0'); }

std::string chain_hash(std::string_view previous, const ports::Record& record) {
  Sha256 digest;
  digest.add(previous);
  add_field(digest, std::to_string(record.seq));
  add_field(digest, record.release);
  add_field(digest, std::to_string(record.epoch));
  add_field(digest, std::to_string(record.at_ms));
  add_field(digest, record.event);
  add_field(digest, record.step);
  add_field(digest, record.op);
  add_field(digest, record.detail);
  add_field(digest, record.state);
  return digest.hex();
}

}  // namespace slipway::store

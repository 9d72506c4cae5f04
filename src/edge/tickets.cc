#include "edge/tickets.h"

#include <algorithm>
#include <string>

#include "base/hex.h"

namespace slipway::edge {
namespace {

void fill(Random& random, std::span<std::uint8_t> bytes) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % 8 == 0) word = random.next();
    bytes[i] = static_cast<std::uint8_t>(word >> (i % 8 * 8));
  }
}

TicketKey fresh(Random& random, std::int64_t now_ms) {
  TicketKey key;
  fill(random, key.name);
  fill(random, key.cipher);
  fill(random, key.mac);
  key.made_ms = now_ms;
  return key;
}

std::string hex_of(std::span<const std::uint8_t> bytes) {
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

bool read_hex(const std::string& text, std::span<std::uint8_t> bytes) {
  const auto read = from_hex(text);
  if (!read || read->size() != bytes.size()) return false;
  std::copy(read->begin(), read->end(), bytes.begin());
  return true;
}

}  // namespace

TicketKeys::TicketKeys(Random& random, std::int64_t now_ms) { rotate(random, now_ms); }

bool TicketKeys::due(std::int64_t now_ms, Millis turn) const {
  const std::int64_t age = now_ms - current().made_ms;
  return age >= turn.count() || age < -turn.count();
}

void TicketKeys::rotate(Random& random, std::int64_t now_ms) {
  keys_.insert(keys_.begin(), fresh(random, now_ms));
  if (keys_.size() > kMost) keys_.resize(kMost);
}

const TicketKey* TicketKeys::find(std::span<const std::uint8_t> name) const {
  for (const TicketKey& key : keys_) {
    if (std::equal(name.begin(), name.end(), key.name.begin(), key.name.end())) return &key;
  }
  return nullptr;
}

Json TicketKeys::to_json() const {
  Json list = Json::array();
  for (const TicketKey& key : keys_) {
    Json entry = Json::object();
    entry.set("name", hex_of(key.name)).set("cipher", hex_of(key.cipher));
    list.push_back(entry.set("mac", hex_of(key.mac)).set("made_ms", key.made_ms));
  }
  return list;
}

Result<TicketKeys> TicketKeys::from_json(const Json& list) {
  const Error wrong(Code::Malformed, "the session ticket keys of the running edge can not be read");
  if (!list.is_array() || list.size() == 0 || list.size() > kMost) return wrong;
  TicketKeys out;
  for (const Json& entry : list.items()) {
    TicketKey& key = out.keys_.emplace_back();
    key.made_ms = entry.integer("made_ms");
    if (!read_hex(entry.text("name"), key.name) || !read_hex(entry.text("cipher"), key.cipher) ||
        !read_hex(entry.text("mac"), key.mac))
      return wrong;
  }
  return out;
}

}  // namespace slipway::edge

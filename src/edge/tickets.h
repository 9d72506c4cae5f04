#pragma once
// The keys that session tickets are sealed with (RFC 5077, RFC 8446 section 4.6.1). All workers
// have the same ones and a successor gets them, so that a client resumes wherever it comes back;
// they rotate, so that a stolen key opens hours of tickets and not years. Pure: no OpenSSL here.
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace slipway::edge {

struct TicketKey {
  std::array<std::uint8_t, 16> name{};
  std::array<std::uint8_t, 32> cipher{};  // AES-256-CBC
  std::array<std::uint8_t, 32> mac{};     // HMAC-SHA256
  std::int64_t made_ms = 0;               // wall clock
  friend bool operator==(const TicketKey&, const TicketKey&) = default;
};

class TicketKeys {
 public:
  static constexpr Millis kTurn{3'600'000};  // a key seals this long
  static constexpr std::size_t kMost = 3;    // and opens for two turns more

  TicketKeys(Random& random, std::int64_t now_ms);
  // Also due when the clock was set back far: a key must not live on because of it.
  bool due(std::int64_t now_ms, Millis turn = kTurn) const;
  void rotate(Random& random, std::int64_t now_ms);
  const TicketKey& current() const { return keys_.front(); }
  const TicketKey* find(std::span<const std::uint8_t> name) const;

  // For the hand-over between two processes of one user, never for a file.
  Json to_json() const;
  static Result<TicketKeys> from_json(const Json& list);
  friend bool operator==(const TicketKeys&, const TicketKeys&) = default;

 private:
  TicketKeys() = default;
  std::vector<TicketKey> keys_;  // newest first
};

}  // namespace slipway::edge

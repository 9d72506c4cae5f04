#include "drivers/webhook/webhook.h"

#include "base/digest.h"

namespace slipway::drivers::webhook {
namespace {
constexpr std::size_t kBlock = 64;  // bytes, of SHA-256

std::string bytes_of(const std::string& hex) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<char>(value(hex[i]) * 16 + value(hex[i + 1])));
  return out;
}

std::string padded(std::string key, char pad) {
  key.resize(kBlock, '\0');
  for (char& c : key) c = static_cast<char>(c ^ pad);
  return key;
}

class Webhook final : public ports::Notifier {
 public:
  Webhook(posting::Place place, Clock& clock) : place_(std::move(place)), clock_(clock) {}

  // The time is that of this attempt: a receiver may refuse old ones, and still know a repetition
  // by its key.
  ports::Outcome send(const ports::Notice& notice) override {
    http::WebCall call = posting::json_call(place_, "", ports::to_json(notice));
    call.url = place_.url;
    const std::string timestamp = std::to_string(to_unix_ms(clock_.now()) / 1000);
    call.fields.push_back({"Slipway-Event", notice.kind});
    call.fields.push_back({"Slipway-Timestamp", timestamp});
    call.fields.push_back({"Slipway-Signature", signature_of(place_.secret, timestamp, call.body)});
    call.fields.push_back({"Idempotency-Key", notice.key});
    return posting::post(place_, call);
  }

 private:
  posting::Place place_;
  Clock& clock_;
};
}  // namespace

std::string hmac_sha256_hex(const std::string& key, const std::string& message) {
  const std::string block = key.size() > kBlock ? bytes_of(sha256_hex(key)) : key;
  const std::string inner = bytes_of(sha256_hex(padded(block, 0x36) + message));
  return sha256_hex(padded(block, 0x5c) + inner);
}

std::string signature_of(const std::string& key, const std::string& timestamp,
                         const std::string& body) {
  return "v1=" + hmac_sha256_hex(key, timestamp + "." + body);
}

std::unique_ptr<ports::Notifier> make_notifier(posting::Place place, Clock& clock) {
  return std::make_unique<Webhook>(std::move(place), clock);
}

}  // namespace slipway::drivers::webhook

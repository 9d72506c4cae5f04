#include "drivers/webhook/webhook.h"

#include "base/digest.h"

namespace slipway::drivers::webhook {
namespace {
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

std::string signature_of(const std::string& key, const std::string& timestamp,
                         const std::string& body) {
  return "v1=" + hmac_sha256_hex(key, timestamp + "." + body);
}

std::unique_ptr<ports::Notifier> make_notifier(posting::Place place, Clock& clock) {
  return std::make_unique<Webhook>(std::move(place), clock);
}

}  // namespace slipway::drivers::webhook

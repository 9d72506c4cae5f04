#include "app/channels.h"

#include "drivers/alertmanager/alertmanager.h"
#include "drivers/pagerduty/pagerduty.h"
#include "drivers/process/driver.h"
#include "drivers/sentry/sentry.h"
#include "drivers/slack/slack.h"
#include "drivers/smtp/smtp.h"
#include "drivers/webhook/webhook.h"

namespace slipway::app {
namespace {
using Made = Result<std::unique_ptr<ports::Notifier>>;

Result<drivers::posting::Place> place_of(const config::Channel& channel) {
  drivers::posting::Place place;
  place.channel = channel.name;
  place.url = channel.url;
  if (!channel.secret.name.empty())
    place.secret = TRY(drivers::process::read_secret(channel.secret, channel.folder));
  place.ca = channel.ca;
  place.timeout = channel.timeout;
  return place;
}

Made make_mail(const config::Channel& channel) {
  drivers::smtp::Settings settings;
  const auto place = TRY(place_of(channel));
  settings.channel = channel.name;
  settings.url = channel.url;
  settings.from = channel.from;
  settings.to = channel.to;
  settings.user = channel.user;
  settings.password = place.secret;
  settings.ca = place.ca;
  settings.encryption = channel.encrypted ? http::Encryption::Required : http::Encryption::None;
  settings.timeout = channel.timeout;
  return drivers::smtp::make_notifier(std::move(settings));
}

Made make_channel(const config::Channel& channel, Clock& clock) {
  if (channel.type == "email") return make_mail(channel);
  auto place = TRY(place_of(channel));
  if (channel.type == "slack") return drivers::slack::make_notifier(std::move(place));
  if (channel.type == "pagerduty") return drivers::pagerduty::make_notifier(std::move(place));
  if (channel.type == "alertmanager") return drivers::alertmanager::make_notifier(std::move(place));
  if (channel.type == "webhook") return drivers::webhook::make_notifier(std::move(place), clock);
  if (channel.type == "sentry") {
    return drivers::sentry::make_notifier(std::move(place), channel.organization, channel.projects);
  }
  return Error(Code::Unsupported, "this slipway has no channel of type " + channel.type,
               "use the slipway that released it, or deploy again");
}
}  // namespace

daemon::ChannelFactory channel_factory(Clock& clock) {
  return [&clock](const config::Channel& channel) { return make_channel(channel, clock); };
}

}  // namespace slipway::app

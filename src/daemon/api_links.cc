// The API's part about links in messages: a page with a button. Programs that preview links open
// them too, so looking changes nothing.
#include "daemon/api.h"
#include "daemon/links.h"

namespace slipway::daemon {
namespace {
Reply page_reply(const LinkPage& page, int status = 200) {
  Reply reply;
  reply.status = status;
  reply.type = "text/html; charset=utf-8";
  reply.body = html_of(page);
  // The address is the secret: it goes to nobody else, and nobody frames the button.
  reply.headers = {{"Cache-Control", "no-store"},
                   {"Referrer-Policy", "no-referrer"},
                   {"X-Frame-Options", "DENY"},
                   {"X-Content-Type-Options", "nosniff"},
                   {"Content-Security-Policy",
                    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                    "frame-ancestors 'none'"}};
  return reply;
}

// What a person is asked, as a sentence before the others; empty when nothing is.
std::string question_of(const plan::Plan& plan, const std::string& item) {
  for (const auto& check : plan.settings.gates.checks) {
    if (!item.empty() && check.name == item) return check.question + ". ";
  }
  return {};
}

Reply refusal(const Call& call, const Error& why) {
  Reply reply = error_reply(why);
  if (!call.wants_page) return reply;
  return page_reply(
      {"That does not work", why.what, why.next.empty() ? "" : "Next: " + why.next, ""},
      reply.status);
}
}  // namespace

Reply Api::look_at_action(const Call& call) {
  const auto link = parts_.links.read(query_text(call, "token"));
  if (!link) return refusal(call, link.error());
  const auto stored = parts_.shelf.release(link->release);
  if (!stored) return refusal(call, stored.error());
  const auto& row = (*stored)->row;
  const std::string words = plan::in_words((*stored)->plan);
  if (call.wants_page) {
    const std::string verb(word_of(link->action));
    const std::string asked = question_of((*stored)->plan, link->item);
    return page_reply(
        {verb + (link->item.empty() ? "" : " '" + link->item + "' of") + " " + link->release + "?",
         asked + row.app.app + " " + row.app.environment + ": " + row.version + ", asked for by " +
             row.by +
             ". This link works once, and is recorded "
             "as sent to " +
             link->channel + ".",
         words, verb});
  }
  Json out = Json::object()
                 .set("action", name_of(link->action))
                 .set("release", link->release)
                 .set("channel", link->channel)
                 .set("plan_hash", link->plan_hash)
                 .set("expires_ms", link->expires_ms)
                 .set("words", words);
  if (!link->item.empty()) out.set("item", link->item);
  return json_reply(out);
}

Reply Api::use_action(const Call& call) {
  const auto done = parts_.links.use(query_text(call, "token"));
  if (!done) return refusal(call, done.error());
  if (call.wants_page) return page_reply({"Done", *done + ".", "", ""});
  return json_reply(Json::object().set("done", *done));
}

Reply Api::look_at_link(const Call& call) {
  const auto link = parts_.approvals.read_link(query_text(call, "token"));
  if (!link) return refusal(call, link.error());
  const auto stored = parts_.shelf.release(link->release);
  if (!stored) return refusal(call, stored.error());
  const std::string words = plan::in_words((*stored)->plan);
  if (call.wants_page) {
    return page_reply({"Approve " + link->release + "?",
                       "You approve as " + link->person +
                           ", this plan and no other. The link "
                           "works once.",
                       words, "Approve"});
  }
  return json_reply(Json::object()
                        .set("release", link->release)
                        .set("person", link->person)
                        .set("plan_hash", link->plan_hash)
                        .set("words", words));
}

Reply Api::use_link(const Call& call) {
  const auto given = parts_.approvals.use_link(query_text(call, "token"));
  if (!given) return refusal(call, given.error());
  if (call.wants_page) return page_reply({"Done", "Approved by " + given->by + ".", "", ""});
  return json_reply(Json::object().set("approval", plan::to_json(*given)));
}

}  // namespace slipway::daemon

#include "tests/fuzz/oracle.h"

#include <llhttp.h>

namespace slipway::fuzz {
namespace {

Opinion& of(llhttp_t* parser) { return *static_cast<Opinion*>(parser->data); }

int on_target(llhttp_t* parser, const char* at, std::size_t size) {
  of(parser).target.append(at, size);
  return 0;
}

int on_head(llhttp_t* parser) {
  Opinion& opinion = of(parser);
  opinion.head_done = true;
  opinion.chunked = (parser->flags & F_CHUNKED) != 0;
  opinion.has_length = (parser->flags & F_CONTENT_LENGTH) != 0;
  opinion.length = opinion.has_length ? parser->content_length : 0;
  opinion.status = parser->status_code;
  if (parser->type == HTTP_REQUEST)
    opinion.method = llhttp_method_name(static_cast<llhttp_method_t>(parser->method));
  return 0;
}

int on_body(llhttp_t* parser, const char* at, std::size_t size) {
  of(parser).body.append(at, size);
  return 0;
}

int on_message(llhttp_t* parser) {
  of(parser).says = Opinion::Says::Complete;
  of(parser).keep_alive = llhttp_should_keep_alive(parser) != 0;
  return HPE_PAUSED;
}

}  // namespace

Opinion ask_llhttp(std::string_view bytes, Message kind) {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_url = on_target;
  settings.on_headers_complete = on_head;
  settings.on_body = on_body;
  settings.on_message_complete = on_message;
  llhttp_t parser;
  llhttp_init(&parser, kind == Message::Request ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
  Opinion opinion;
  parser.data = &opinion;
  const llhttp_errno_t got = llhttp_execute(&parser, bytes.data(), bytes.size());
  if (opinion.says == Opinion::Says::Complete) {
    const char* end = llhttp_get_error_pos(&parser);
    opinion.used = end == nullptr ? bytes.size() : static_cast<std::size_t>(end - bytes.data());
  } else if (got != HPE_OK && got != HPE_PAUSED && got != HPE_PAUSED_UPGRADE) {
    opinion.says = Opinion::Says::Refused;
    opinion.error = llhttp_errno_name(got);
  }
  return opinion;
}

}  // namespace slipway::fuzz

// The transform between an upstream's response and its client: begun with the head, fed with each
// piece of the body, flushed with each, so that nothing waits here.
#include "edge/encoding.h"
#include "edge/worker.h"

namespace slipway::edge {
namespace {
constexpr std::size_t kSpareEncoders = 4;
using Kind = http::BodyFraming::Kind;
}  // namespace

void Worker::note_accepted_coding(Exchange& exchange, const http::RequestHead& head) {
  const Compress& rules = exchange.service->config.compress;
  if (!rules.algorithms.empty()) exchange.coding = choose_coding(head.headers, rules.algorithms);
}

// False: too many at once, or no memory; the response goes on as it is.
bool Worker::take_encoder(Exchange& exchange, Coding coding) {
  if (encoders_at_work_ >= limits_.compressions) return false;
  std::unique_ptr<Compressor> encoder;
  for (std::unique_ptr<Compressor>& spare : spare_encoders_) {
    if (spare->coding() != coding) continue;
    encoder = std::move(spare);
    spare = std::move(spare_encoders_.back());
    spare_encoders_.pop_back();
    break;
  }
  if (encoder == nullptr) encoder = make_compressor(coding);
  if (!encoder->begin(exchange.service->config.compress.levels)) return false;
  exchange.encoder = std::move(encoder);
  ++encoders_at_work_;
  return true;
}

// Called for every exchange when it is over, too: what it held of encoders is free again.
void Worker::end_encoding(Exchange& exchange) {
  if (exchange.encoder == nullptr) return;
  --encoders_at_work_;
  std::unique_ptr<Compressor> encoder = std::move(exchange.encoder);
  if (spare_encoders_.size() < kSpareEncoders) spare_encoders_.push_back(std::move(encoder));
}

// A body that came whole with its head keeps a Content-Length. False: encoding gains nothing.
bool Worker::encode_whole(Exchange& exchange, std::string_view content) {
  encoded_.clear();
  const bool done = exchange.encoder->add(content, Compressor::Then::End, encoded_);
  end_encoding(exchange);
  exchange.encoded_whole = done && encoded_.size() < content.size();
  return exchange.encoded_whole;
}

// The head as the client gets it: `head` itself, or one that lives until the next response's.
const http::ResponseHead& Worker::begin_encoding(Exchange& exchange, const http::ResponseHead& head,
                                                 std::string_view rest) {
  const Compress& rules = exchange.service->config.compress;
  if (rules.algorithms.empty()) return head;
  const Method method = exchange.is_head ? Method::Head : Method::Other;
  const Compressible what = compressible(head, method, rules);
  if (what == Compressible::No) return head;
  std::optional<Coding> coding = exchange.coding;
  const bool whole = head.framing.kind == Kind::Length && rest.size() >= head.framing.length;
  // An HTTP/1.0 client knows no chunks: it gets only what can be measured beforehand.
  if (exchange.minor == 0 && !whole) coding.reset();
  if (what == Compressible::Body && coding) {
    if (!take_encoder(exchange, *coding) ||
        (whole && !encode_whole(exchange, rest.substr(0, head.framing.length))))
      coding.reset();
  }
  rewrite_encoded_head(head, coding, encoded_lines_, encoded_head_);
  if (exchange.encoded_whole) {
    encoded_head_.framing.length = encoded_.size();
  } else if (exchange.encoder != nullptr) {
    encoded_head_.framing = {Kind::Chunked, 0};
  }
  return encoded_head_;
}

// Content of the response, encoded when that was begun. False: the exchange is over.
bool Worker::give_content(Exchange& exchange, std::string_view head, std::string_view content,
                          bool last) {
  if (exchange.encoded_whole) return give_client(exchange, head, encoded_, last);
  if (exchange.encoder == nullptr) return give_client(exchange, head, content, last);
  encoded_.clear();
  const auto then = last ? Compressor::Then::End : Compressor::Then::Flush;
  const bool encoded = (content.empty() && !last) || exchange.encoder->add(content, then, encoded_);
  if (!encoded) {
    // What was sent can not be ended well, and must not look as if it were.
    abort_exchange(exchange);
    return false;
  }
  if (last) end_encoding(exchange);
  return give_client(exchange, head, encoded_, last);
}

}  // namespace slipway::edge

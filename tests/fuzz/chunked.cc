// Chunked bodies: however the bytes are cut into pieces, the content and the end are the same; and
// what the edge writes from them reads back as the same content.
#include <algorithm>

#include "edge/pieces.h"
#include "http/parser.h"
#include "tests/fuzz/engine.h"

namespace slipway::fuzz {
namespace {

using http::ChunkedDecoder;

struct Decoded {
  std::string content;
  std::size_t used = 0;
  bool done = false;
  bool bad = false;
};

Decoded decode(std::string_view input, std::size_t piece_size) {
  Decoded out;
  ChunkedDecoder decoder;
  for (std::size_t at = 0; at < input.size() && !out.done && !out.bad; at += piece_size) {
    std::string_view piece = input.substr(at, piece_size);
    const std::size_t size = piece.size();
    auto got = decoder.next(piece);
    for (; got.got == ChunkedDecoder::Got::Content; got = decoder.next(piece))
      out.content += got.content;
    out.used += size - piece.size();
    out.done = got.got == ChunkedDecoder::Got::Done;
    out.bad = got.got == ChunkedDecoder::Got::Bad;
    expect(out.done || out.bad || piece.empty(), "more was asked for with bytes left");
    expect(out.bad == (decoder.problem().status != 0), "a refusal without a reason");
  }
  return out;
}

Decoded unchunked(std::string input) {
  Decoded out;
  ChunkedDecoder decoder;
  const edge::Unchunked got = edge::unchunk(decoder, input.data(), input.size());
  out.content = got.content;
  out.used = got.used;
  out.done = got.done;
  out.bad = got.bad;
  return out;
}

bool same(const Decoded& a, const Decoded& b) {
  return a.content == b.content && a.done == b.done && a.bad == b.bad &&
         (a.bad || a.used == b.used);
}

}  // namespace

const char* const kTarget = "chunked";

std::vector<std::string> words() {
  return {"\r\n",
          "0\r\n\r\n",
          "1\r\na\r\n",
          "5\r\nabcde\r\n",
          "0\r\n",
          "00",
          "fffffffffffffff",
          ";a",
          ";a=b",
          ";a=\"b\"",
          "=\"",
          "\\\"",
          " ;",
          "; ",
          "X: y\r\n",
          "Content-Length: 5\r\n",
          ": "};
}

void try_input(std::string_view input) {
  const Decoded whole = decode(input, input.size() + 1);
  expect(whole.content.size() <= whole.used && whole.used <= input.size(),
         "content out of nothing");
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{64}})
    expect(same(whole, decode(input, size)), "pieces read otherwise than the whole");
  // A malformed body is given up; what came before it does not matter there.
  const Decoded moved = unchunked(std::string(input));
  expect(whole.bad ? moved.bad : same(whole, moved), "in place read otherwise than the whole");
  if (!whole.done) return;
  edge::Pieces pieces;
  pieces.add_chunk(whole.content, true);
  const std::string written = pieces.text();
  const Decoded again = decode(written, written.size());
  expect(again.done && again.content == whole.content && again.used == written.size(),
         "what the edge writes reads back as something else");
}

}  // namespace slipway::fuzz

#include "tests/integration/edge/decode.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

namespace slipway::edge::test {
namespace {

constexpr std::size_t kStep = 65536;

std::optional<Decoded> decode_gzip(std::string_view bytes) {
  constexpr int kGzipOnly = 15 + 16;
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  Decoded out;
  std::string step(kStep, '\0');
  int got = Z_OK;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(step.data());
    stream.avail_out = kStep;
    got = inflate(&stream, Z_SYNC_FLUSH);
    out.content.append(step, 0, kStep - stream.avail_out);
  } while (got == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0));
  out.complete = got == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  if (got != Z_OK && got != Z_STREAM_END && got != Z_BUF_ERROR) return std::nullopt;
  return out;
}

std::optional<Decoded> decode_brotli(std::string_view bytes) {
  BrotliDecoderState* state = BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
  const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
  std::size_t left = bytes.size();
  Decoded out;
  std::string step(kStep, '\0');
  BrotliDecoderResult got = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
  // It may ask for input while it still has output.
  while (got == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT ||
         BrotliDecoderHasMoreOutput(state) == BROTLI_TRUE) {
    auto* to = reinterpret_cast<std::uint8_t*>(step.data());
    std::size_t room = kStep;
    got = BrotliDecoderDecompressStream(state, &left, &in, &room, &to, nullptr);
    out.content.append(step, 0, kStep - room);
  }
  BrotliDecoderDestroyInstance(state);
  if (got == BROTLI_DECODER_RESULT_ERROR) return std::nullopt;
  out.complete = got == BROTLI_DECODER_RESULT_SUCCESS && left == 0;
  return out;
}

std::optional<Decoded> decode_zstd(std::string_view bytes) {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  Decoded out;
  std::string step(kStep, '\0');
  std::size_t got = 1;
  std::size_t written = 0;
  do {
    ZSTD_outBuffer to{step.data(), kStep, 0};
    got = ZSTD_decompressStream(context, &to, &in);
    written = to.pos;
    out.content.append(step, 0, written);
  } while (ZSTD_isError(got) == 0 && got != 0 && (in.pos < in.size || written == kStep));
  ZSTD_freeDCtx(context);
  if (ZSTD_isError(got) != 0) return std::nullopt;
  out.complete = got == 0 && in.pos == in.size;
  return out;
}

}  // namespace

std::optional<Decoded> decode(std::string_view coding, std::string_view bytes) {
  if (coding == "gzip") return decode_gzip(bytes);
  if (coding == "br") return decode_brotli(bytes);
  if (coding == "zstd") return decode_zstd(bytes);
  return std::nullopt;
}

}  // namespace slipway::edge::test

// Brotli (RFC 7932) by libbrotlienc.
#include <brotli/encode.h>

#include "edge/compress.h"

namespace slipway::edge {
namespace {

constexpr std::uint32_t kWindowBits = 18;  // 256 KiB: what a page repeats lies near

class Brotli final : public Compressor {
 public:
  ~Brotli() override { BrotliEncoderDestroyInstance(state_); }
  Coding coding() const override { return Coding::Brotli; }

  // The library can not begin anew with what it has.
  bool begin(const CompressLevels& levels) override {
    BrotliEncoderDestroyInstance(state_);
    state_ = BrotliEncoderCreateInstance(nullptr, nullptr, nullptr);
    return state_ != nullptr &&
           BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY,
                                     static_cast<std::uint32_t>(levels.brotli)) == BROTLI_TRUE &&
           BrotliEncoderSetParameter(state_, BROTLI_PARAM_LGWIN, kWindowBits) == BROTLI_TRUE;
  }

  bool add(std::string_view content, Then then, std::string& out) override {
    const auto* in = reinterpret_cast<const std::uint8_t*>(content.data());
    std::size_t left = content.size();
    const auto operation = then == Then::End ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH;
    // A call that has output to give leaves the rest of its work to the next one.
    for (bool more = true; more;) {
      std::size_t none = 0;
      if (BrotliEncoderCompressStream(state_, operation, &left, &in, &none, nullptr, nullptr) !=
          BROTLI_TRUE)
        return false;
      more = left > 0 || BrotliEncoderHasMoreOutput(state_) == BROTLI_TRUE;
      while (BrotliEncoderHasMoreOutput(state_) == BROTLI_TRUE) {
        std::size_t size = 0;
        const std::uint8_t* bytes = BrotliEncoderTakeOutput(state_, &size);
        out.append(reinterpret_cast<const char*>(bytes), size);
      }
    }
    return then == Then::Flush || BrotliEncoderIsFinished(state_) == BROTLI_TRUE;
  }

 private:
  BrotliEncoderState* state_ = nullptr;
};

}  // namespace

std::unique_ptr<Compressor> make_brotli() { return std::make_unique<Brotli>(); }

}  // namespace slipway::edge

// Zstandard (RFC 8878) by libzstd.
#include <zstd.h>

#include "edge/compress.h"

namespace slipway::edge {
namespace {

constexpr int kWindowBits = 18;  // 256 KiB; RFC 9659 lets a decoder refuse more than 8 MiB
constexpr std::size_t kStep = 16 * 1024;

bool worked(std::size_t code) { return ZSTD_isError(code) == 0; }

class Zstd final : public Compressor {
 public:
  ~Zstd() override { ZSTD_freeCCtx(context_); }
  Coding coding() const override { return Coding::Zstd; }

  bool begin(const CompressLevels& levels) override {
    if (context_ == nullptr) context_ = ZSTD_createCCtx();
    return context_ != nullptr && worked(ZSTD_CCtx_reset(context_, ZSTD_reset_session_only)) &&
           worked(ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, levels.zstd)) &&
           worked(ZSTD_CCtx_setParameter(context_, ZSTD_c_windowLog, kWindowBits));
  }

  bool add(std::string_view content, Then then, std::string& out) override {
    ZSTD_inBuffer in{content.data(), content.size(), 0};
    const ZSTD_EndDirective directive = then == Then::End ? ZSTD_e_end : ZSTD_e_flush;
    std::size_t left = 0;
    do {
      const std::size_t size = out.size();
      out.resize(size + kStep);
      ZSTD_outBuffer to{out.data() + size, kStep, 0};
      left = ZSTD_compressStream2(context_, &to, &in, directive);
      out.resize(size + to.pos);
      if (!worked(left)) return false;
    } while (left > 0);
    return true;
  }

 private:
  ZSTD_CCtx* context_ = nullptr;
};

}  // namespace

std::unique_ptr<Compressor> make_zstd() { return std::make_unique<Zstd>(); }

}  // namespace slipway::edge

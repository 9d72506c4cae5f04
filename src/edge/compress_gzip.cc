// gzip (RFC 1952) by zlib.
#include <zlib.h>

#include "base/assert.h"
#include "edge/compress.h"

namespace slipway::edge {
namespace {

constexpr int kGzipWindow = 15 + 16;  // 32 KiB, with gzip's frame
constexpr int kMemory = 8;            // zlib's default: 256 KiB with the window
constexpr std::size_t kStep = 16 * 1024;

class Gzip final : public Compressor {
 public:
  ~Gzip() override {
    if (ready_) deflateEnd(&stream_);
  }
  Coding coding() const override { return Coding::Gzip; }

  bool begin(const CompressLevels& levels) override {
    if (!ready_) {
      ready_ = deflateInit2(&stream_, levels.gzip, Z_DEFLATED, kGzipWindow, kMemory,
                            Z_DEFAULT_STRATEGY) == Z_OK;
      level_ = levels.gzip;
      return ready_;
    }
    if (deflateReset(&stream_) != Z_OK) return false;
    if (level_ == levels.gzip) return true;
    level_ = levels.gzip;
    return deflateParams(&stream_, level_, Z_DEFAULT_STRATEGY) == Z_OK;
  }

  bool add(std::string_view content, Then then, std::string& out) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream_.avail_in = static_cast<uInt>(content.size());
    const int flush = then == Then::End ? Z_FINISH : Z_SYNC_FLUSH;
    for (;;) {
      const std::size_t size = out.size();
      out.resize(size + kStep);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + size);
      stream_.avail_out = kStep;
      const int got = deflate(&stream_, flush);
      out.resize(size + kStep - stream_.avail_out);
      if (got == Z_STREAM_END) return true;
      if (got != Z_OK && got != Z_BUF_ERROR) return false;
      if (then == Then::Flush && stream_.avail_out > 0) return stream_.avail_in == 0;
    }
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
  int level_ = 0;
};

}  // namespace

std::unique_ptr<Compressor> make_gzip() { return std::make_unique<Gzip>(); }

std::string_view name_of(Coding coding) {
  constexpr std::string_view kNames[kCodings] = {"zstd", "br", "gzip"};
  return kNames[static_cast<std::size_t>(coding)];
}

std::unique_ptr<Compressor> make_compressor(Coding coding) {
  switch (coding) {
    case Coding::Zstd:
      return make_zstd();
    case Coding::Brotli:
      return make_brotli();
    case Coding::Gzip:
      break;
  }
  return make_gzip();
}

}  // namespace slipway::edge

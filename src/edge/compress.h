#pragma once
// Content codings (RFC 9110 section 8.4.1) as streams. Each library is wrapped in one file:
// compress_gzip.cc (zlib), compress_brotli.cc, compress_zstd.cc.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace slipway::edge {

enum class Coding : std::uint8_t { Zstd, Brotli, Gzip };
inline constexpr std::size_t kCodings = 3;
std::string_view name_of(Coding coding);  // as in Content-Encoding: "zstd", "br", "gzip"

// How hard each works. Levels of the libraries themselves.
struct CompressLevels {
  int zstd = 3;    // 1 to 9
  int brotli = 4;  // 0 to 9
  int gzip = 5;    // 1 to 9
  friend bool operator==(const CompressLevels&, const CompressLevels&) = default;
};
inline constexpr int kHighestLevel = 9;  // beyond it a response costs more than it saves

// Compresses one body after another; what it needs of memory stays for the next.
class Compressor {
 public:
  virtual ~Compressor() = default;
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  virtual Coding coding() const = 0;
  // A new body. False: no memory.
  virtual bool begin(const CompressLevels& levels) = 0;
  // Flush: whoever has what was written so far can decode all of `content`. End: the body is over.
  enum class Then : std::uint8_t { Flush, End };
  // Appends to `out`. False: the library failed, the body can not be ended.
  virtual bool add(std::string_view content, Then then, std::string& out) = 0;

 protected:
  Compressor() = default;
};

std::unique_ptr<Compressor> make_gzip();
std::unique_ptr<Compressor> make_brotli();
std::unique_ptr<Compressor> make_zstd();
std::unique_ptr<Compressor> make_compressor(Coding coding);

}  // namespace slipway::edge

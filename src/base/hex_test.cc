#include "base/hex.h"

#include <gtest/gtest.h>

namespace slipway {
namespace {

TEST(Hex, ComesBackAsTheBytesThatWentIn) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(to_hex(all).substr(0, 6), "000102");
  EXPECT_EQ(to_hex("\xff\x0a"), "ff0a");
  EXPECT_EQ(from_hex(to_hex(all)), all);
  EXPECT_EQ(from_hex(""), "");
}

TEST(Hex, ReadsNothingElse) {
  for (const auto* text : {"a", "abc", "0g", "0x12", "AB", " 0", "00 "})
    EXPECT_FALSE(from_hex(text)) << text;
}

}  // namespace
}  // namespace slipway

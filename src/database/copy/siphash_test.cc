#include "database/copy/siphash.h"

#include <gtest/gtest.h>

#include <string>

#include "base/hex.h"

namespace slipway::database::copy {
namespace {

std::string hex_of(const Hash128& hash) {
  std::string bytes;
  for (const std::uint64_t word : {hash.low, hash.high}) {
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(word >> (8 * i));
  }
  return to_hex(bytes);
}

// The key and the texts of the reference's table: bytes 0, 1, 2, …
constexpr Key128 kReferenceKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};
std::string reference_text(int length) {
  std::string text;
  for (int i = 0; i < length; ++i) text += static_cast<char>(i);
  return text;
}

TEST(SipHash128, GivesThePublishedVectors) {
  const std::pair<int, const char*> vectors[] = {
      {0, "a3817f04ba25a8e66df67214c7550293"},  {1, "da87c1d86b99af44347659119b22fc45"},
      {2, "8177228da4a45dc7fca38bdef60affe4"},  {3, "9c70b60c5267a94e5f33b6b02985ed51"},
      {7, "a1f1ebbed8dbc153c0b84aa61ff08239"},  {8, "3b62a9ba6258f5610f83e264f31497b4"},
      {15, "5493e99933b0a8117e08ec0f97cfc3d9"}, {16, "6ee2a4ca67b054bbfd3315bf85230577"},
      {31, "2939b0183223fafc1723de4f52c43d35"}, {63, "5150d1772f50834a503e069a973fbd7c"},
  };
  for (const auto& [length, expected] : vectors)
    EXPECT_EQ(hex_of(siphash128(kReferenceKey, reference_text(length))), expected) << length;
}

TEST(SipHash128, AWordInFrontIsEightBytesOfTheText) {
  const std::string text = reference_text(33);
  const WordHash hash(kReferenceKey, 0x0706050403020100);
  // Every length of what is left over behind whole words.
  for (std::size_t size = 8; size <= text.size(); ++size) {
    const std::string_view whole = std::string_view(text).substr(0, size);
    const std::string_view rest = whole.substr(8);
    EXPECT_EQ(hex_of(hash.both(rest)), hex_of(siphash128(kReferenceKey, whole))) << size;
    EXPECT_EQ(hash.low(rest), siphash128(kReferenceKey, whole).low) << size;
  }
}

TEST(SipHash128, KeysOfTwoNamesAndTwoSecretsDiffer) {
  const Key128 key = key_of_secret("one secret");
  EXPECT_NE(derived_key(key, "email").first, derived_key(key, "phone").first);
  EXPECT_NE(key.first, key_of_secret("another secret").first);
  EXPECT_EQ(key.second, key_of_secret("one secret").second);
}

}  // namespace
}  // namespace slipway::database::copy

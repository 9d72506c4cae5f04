#include "database/copy/indexes.h"

#include <gtest/gtest.h>

namespace slipway::database::copy {
namespace {

constexpr std::int64_t kMib = 1024 * 1024;

TEST(Indexes, ASmallOneIsSortedInTheLeastMemory) {
  EXPECT_EQ(sort_memory_kib(0), 8 * 1024);
  EXPECT_EQ(sort_memory_kib(100 * kMib), 8 * 1024);
}

TEST(Indexes, MemoryGrowsWithTheSquareRootSoThatOneMergeIsEnough) {
  const std::int64_t ten_gib = sort_memory_kib(10 * 1024 * kMib);
  EXPECT_GT(ten_gib, 50 * 1024);
  EXPECT_LT(ten_gib, 54 * 1024);
  // Pieces of that size, each with a buffer of its own, fit into the memory of the merge.
  const double pieces = 10.0 * 1024 * 1024 / static_cast<double>(ten_gib);
  EXPECT_LE(pieces * 264, 1.01 * static_cast<double>(ten_gib));
}

TEST(Indexes, MemoryHasABound) { EXPECT_EQ(sort_memory_kib(std::int64_t{1} << 50), 256 * 1024); }

}  // namespace
}  // namespace slipway::database::copy

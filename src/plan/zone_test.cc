// Time zones by their bytes: right ones, and every way a file can be wrong. What the zones of the
// database say is held against Python in tests/calendar.
#include "plan/zone.h"

#include <gtest/gtest.h>

namespace slipway::plan {
namespace {

std::string number(std::uint64_t value, int bytes) {
  std::string out;
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift & 0xff);
  return out;
}

// A file with standard time, one change to UTC+2 at 1000, one back to UTC+1 at 2000, and a rule.
struct File {
  std::string magic = "TZif";
  char version = '2';
  std::vector<std::int64_t> at{1000, 2000};
  std::vector<int> kind{1, 0};
  std::vector<std::int32_t> offsets{3600, 7200};
  std::string names = std::string("CET\0CEST\0", 9);
  std::string footer = "CET-1CEST,M3.5.0,M10.5.0/3";
  int leaps = 0;

  std::string bytes() const {
    const std::string empty = magic + version + std::string(15, '\0') + std::string(16, '\0') +
                              number(1, 4) + number(1, 4) + std::string(7, '\0');
    std::string out = magic + version + std::string(15, '\0') + number(0, 4) + number(0, 4) +
                      number(static_cast<std::uint64_t>(leaps), 4) + number(at.size(), 4) +
                      number(offsets.size(), 4) + number(names.size(), 4);
    for (const auto one : at) out += number(static_cast<std::uint64_t>(one), 8);
    for (const auto one : kind) out += static_cast<char>(one);
    for (std::size_t i = 0; i < offsets.size(); ++i) {
      out += number(static_cast<std::uint32_t>(offsets[i]), 4) + static_cast<char>(i == 1) +
             static_cast<char>(i * 4);
    }
    return empty + out + names + "\n" + footer + "\n";
  }
};

std::string why_wrong(const File& file) {
  const auto read = Zone::parse("Test/Zone", file.bytes());
  return read ? "" : read.error().what;
}

TEST(Zone, UtcNeedsNoFile) {
  EXPECT_EQ(Zone::utc().offset_at(0), 0);
  EXPECT_EQ(Zone::utc().abbreviation_at(1'800'000'000), "UTC");
  EXPECT_TRUE(Zone::utc().changes_between(0, 1'800'000'000).empty());
}

TEST(Zone, BetweenItsChangesAFileDecidesAndAfterThemItsRule) {
  const auto zone = Zone::parse("Test/Zone", File{}.bytes());
  ASSERT_TRUE(zone) << zone.error().sentence();
  EXPECT_EQ(zone->offset_at(999), 3600);
  EXPECT_EQ(zone->offset_at(1000), 7200);
  EXPECT_EQ(zone->abbreviation_at(1999), "CEST");
  EXPECT_EQ(zone->offset_at(2000), 3600);
  EXPECT_EQ(zone->offset_at(1'783'000'000), 7200);  // July 2026
  EXPECT_EQ(zone->abbreviation_at(1'800'000'000), "CET");
}

TEST(Zone, AClockSetBackShowsAnHourTwiceAndOneSetForwardSkipsIt) {
  const auto zone = Zone::parse("Test/Zone", File{}.bytes());
  ASSERT_TRUE(zone);
  EXPECT_EQ(zone->instants_of(2000 + 7200 - 60), (std::vector<std::int64_t>{1940, 5540}));
  EXPECT_TRUE(zone->instants_of(1000 + 3600 + 60).empty());
  EXPECT_EQ(zone->changes_between(0, 2000), (std::vector<std::int64_t>{1000, 2000}));
}

TEST(Zone, EveryDamageIsFoundAndNamed) {
  EXPECT_EQ(why_wrong(File{}), "");
  EXPECT_NE(why_wrong({.magic = "TZxx"}).find("not a TZif file"), std::string::npos);
  EXPECT_NE(why_wrong({.version = '\0'}).find("version 1"), std::string::npos);
  EXPECT_NE(why_wrong({.leaps = 27}).find("leap seconds"), std::string::npos);
  EXPECT_NE(why_wrong({.at = {2000, 1000}}).find("do not rise"), std::string::npos);
  EXPECT_NE(why_wrong({.kind = {1, 2}}).find("not there"), std::string::npos);
  EXPECT_NE(why_wrong({.offsets = {3600, 900'000}}).find("out of range"), std::string::npos);
  EXPECT_NE(why_wrong({.names = "CET_CESTx"}).find("does not end"), std::string::npos);
  EXPECT_NE(why_wrong({.footer = "CET-1CEST"}).find("no rule"), std::string::npos);
}

TEST(Zone, AFileCutShortAnywhereIsRefused) {
  const std::string whole = File{}.bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(Zone::parse("Test/Zone", whole.substr(0, size))) << size;
  }
}

TEST(Zone, AFileWithCountsThatLieIsRefusedWithoutReadingOn) {
  std::string bytes = File{}.bytes();
  const auto second = bytes.find("TZif", 4);
  bytes.replace(second + 32, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(Zone::parse("Test/Zone", bytes));
}

TEST(PosixRule, ReadsWhatZonesWrite) {
  for (const auto* text :
       {"UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "<+0330>-3:30", "IST-1GMT0,M10.5.0,M3.5.0/1",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "EST5EDT,J60,J300/2", "AAA3BBB,59/0,364/24",
        "EET-2EEST,M3.4.4/50,M10.4.4/50"}) {
    EXPECT_TRUE(PosixRule::parse(text)) << text;
  }
}

TEST(PosixRule, RefusesWhatIsNone) {
  for (const auto* text :
       {"", "CE-1", "CET", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J60",
        "CET-1CEST,J366,J60", "CET-25", "CET-1:60", "CET-1CEST,M3.5.0/168,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0 ", "<+03-3", "CET-1CEST,M3.5.0,M10.5.0,"}) {
    EXPECT_FALSE(PosixRule::parse(text)) << text;
  }
}

TEST(PosixRule, ASummerOfTheWholeYearHasNoGap) {
  const auto rule = PosixRule::parse("XXX3EDT4,0/0,J365/23");
  ASSERT_TRUE(rule);
  for (std::int64_t at = 1'798'600'000; at < 1'798'900'000; at += 1000) {
    EXPECT_TRUE(rule->at(at).is_summer) << at;  // around the new year of 2027
  }
}

}  // namespace
}  // namespace slipway::plan

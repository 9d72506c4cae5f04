// Zones and calendar files that are not there are told at the line that names them.
#include "cli/gate_files.h"

#include <gtest/gtest.h>

#include "io/files.h"

namespace slipway::cli {
namespace {

class GateFiles : public ::testing::Test {
 protected:
  GateFiles() { folder_ = *io::make_temp_dir("slipway-gates-"); }
  ~GateFiles() override { EXPECT_TRUE(io::remove_tree(folder_, "/tmp")); }
  std::string told(const std::string& lines) {
    auto loaded = config::load("app: shop\nservices: { web: { run: serve } }\n" + lines,
                               "slipway.yaml", folder_);
    EXPECT_TRUE(loaded.config);
    check_gate_files(loaded, folder_);
    std::string out;
    for (const auto& one : loaded.diagnostics) out += one.text() + "\n";
    return out;
  }
  std::string folder_;
};

TEST_F(GateFiles, AZoneThatDoesNotExistIsToldWithTheNearest) {
  if (!io::is_dir("/usr/share/zoneinfo")) GTEST_SKIP() << "tzdata is not installed";
  EXPECT_EQ(told("window: { zone: Europe/Berln }\n"),
            "slipway.yaml:3:17: there is no time zone 'Europe/Berln' in /usr/share/zoneinfo\n"
            "    did you mean 'Europe/Berlin'?\n");
  EXPECT_EQ(told("window: { zone: Europe/Berlin }\n"), "");
}

TEST_F(GateFiles, ACalendarFileThatIsMissingOrWrongIsTold) {
  EXPECT_NE(
      told("freeze: [ { date: 12-24 }, { holidays: gone.ics } ]\n").find("slipway.yaml:3:40: "),
      std::string::npos);
  ASSERT_TRUE(io::append_file(folder_ + "/h.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSNOW:deep\n"));
  EXPECT_NE(
      told("freeze: [ { holidays: h.ics } ]\n").find("h.ics:3: SNOW:deep: it is not carried out"),
      std::string::npos);
}

}  // namespace
}  // namespace slipway::cli

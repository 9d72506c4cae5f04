// Files that nobody means well with: whatever the bytes, load() ends, and either gives a
// configuration or says what is wrong.
#include <random>

#include "config/load_test_kit.h"

namespace slipway::config {
namespace {

void expect_an_answer(const std::string& text) {
  const auto result = load_text(text);
  ASSERT_NE(result.config.has_value(), !result.diagnostics.empty()) << text;
  for (const auto& diagnostic : result.diagnostics) {
    ASSERT_GE(diagnostic.at.line, 1) << text;
    ASSERT_GE(diagnostic.at.column, 1) << text;
    ASSERT_FALSE(diagnostic.what.empty()) << text;
  }
}

std::string good_file() { return read_file(source_tree() / "docs/reference/full-example.yaml"); }

// Places all over the file, so many that the file may grow and the test takes as long as before.
std::vector<std::size_t> places(const std::string& text, std::size_t most) {
  std::vector<std::size_t> out;
  const std::size_t stride = text.size() / most + 1;
  for (std::size_t at = 0; at < text.size(); at += stride) out.push_back(at);
  return out;
}

TEST(Hostile, AByteLeftOutAnywhereStillGetsAnAnswer) {
  const auto good = good_file();
  for (const std::size_t at : places(good, 600)) {
    auto text = good;
    text.erase(at, 1);
    expect_an_answer(text);
  }
}

TEST(Hostile, AnyPlaceTakesAStrangeByte) {
  const auto good = good_file();
  const std::string strange = "{[:-&*~\n\t'\"%\x80\xff";
  std::size_t nth = 0;
  for (const std::size_t at : places(good, 600)) {
    auto text = good;
    text[at] = strange[nth++ % strange.size()];
    expect_an_answer(text);
  }
}

TEST(Hostile, AnyBeginningOfAFileGetsAnAnswer) {
  const auto good = good_file();
  for (const std::size_t at : places(good, 400)) expect_an_answer(good.substr(0, at));
}

// Lines moved about make files that parse and mean something else.
TEST(Hostile, LinesInAnyOrderGetAnAnswer) {
  const auto good = good_file();
  std::vector<std::string> lines;
  std::istringstream in(good);
  for (std::string line; std::getline(in, line);) lines.push_back(line + "\n");
  std::mt19937 random(20261121);
  for (int round = 0; round < 200; ++round) {
    auto mixed = lines;
    for (int swap = 0; swap < 4; ++swap) {
      auto& a = mixed[random() % mixed.size()];
      auto& b = mixed[random() % mixed.size()];
      std::swap(a, b);
    }
    std::string text;
    for (const auto& line : mixed) text += line;
    expect_an_answer(text);
  }
}

// Each key gets some of them, each of them many keys: all at all would grow with every key.
TEST(Hostile, ValuesOfEveryKindAtKeysEverywhereGetAnAnswer) {
  const auto good = good_file();
  const std::vector<std::string> values = {"~",  "[]",    "{}", "[[]]",    "{a: {b: c}}", "''",
                                           "-1", "1e400", "${", "\"\\0\"", "*probe"};
  std::size_t nth = 0;
  for (auto at = good.find(": "); at != std::string::npos; at = good.find(": ", at + 1)) {
    const auto end = good.find_first_of(",}\n", at);
    for (int each = 0; each < 2; ++each)
      expect_an_answer(good.substr(0, at + 2) + values[nth++ % values.size()] + good.substr(end));
  }
}

TEST(Hostile, TheSameMistakesInEveryEnvironmentAreToldOnce) {
  std::string text = "app: a\nservices:\n";
  for (int i = 0; i < 50; ++i)
    text += "  s" + std::to_string(i) + ": { run: x, port: none, needs: [a, b, c] }\n";
  text += "environments:\n";
  for (int i = 0; i < 99; ++i) text += "  e" + std::to_string(i) + ": {}\n";
  EXPECT_EQ(load_text(text).diagnostics.size(), 150u);
}

TEST(Hostile, AThousandOfServicesAndEnvironmentsAreRefusedAtOnce) {
  std::string text = "app: a\nservices:\n";
  for (int i = 0; i < 1000; ++i) {
    text += "  s" + std::to_string(i) + ": { run: x, needs: [s" + std::to_string(i + 1) + "] }\n";
  }
  EXPECT_NE(mistakes_of(text).find("'services' has 1000 entries, at most 100 are allowed"),
            std::string::npos);
  text = "app: a\nservices: { web: { run: x } }\nenvironments:\n";
  for (int i = 0; i < 1000; ++i) text += "  e" + std::to_string(i) + ": {}\n";
  EXPECT_NE(mistakes_of(text).find("'environments' has 1000 entries, at most 100 are allowed"),
            std::string::npos);
}

}  // namespace
}  // namespace slipway::config

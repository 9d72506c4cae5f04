// fuzz_TARGET CORPUS-FOLDER            fuzzes for FUZZ_SECONDS (60) from SEED (1)
// fuzz_TARGET INPUT-FILE               tries that input, nothing else
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/engine.h"

extern "C" void __sanitizer_set_death_callback(void (*)());

namespace slipway::fuzz {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMostKept = 20'000;
constexpr int kRunsBetweenLooks = 256;

std::string current;  // what is being tried, for the reports
char found_file[64];
std::uint64_t seed = 1;
bool replaying = false;

// Only calls that a signal may make.
void keep_finding() {
  if (replaying || current.empty()) return;
  const int fd = ::open(found_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0 || ::write(fd, current.data(), current.size()) < 0) return;
  ::close(fd);
  replaying = true;  // once
  dprintf(2, "fuzz: the input is in %s (SEED=%llu); try it alone: fuzz_%s %s\n", found_file,
          static_cast<unsigned long long>(seed), kTarget, found_file);
}

void on_abort(int) {
  keep_finding();
  ::signal(SIGABRT, SIG_DFL);
  ::raise(SIGABRT);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::uint64_t number_of(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

std::vector<std::string> corpus_of(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry);
  std::sort(paths.begin(), paths.end());  // the file system's order is not repeatable
  std::vector<std::string> corpus = {""};
  for (const auto& path : paths) corpus.push_back(read_file(path));
  return corpus;
}

bool is_new(const std::string& input) {
  current = input;
  forget_coverage();
  try_input(current);
  return learn_coverage() > 0;
}

int fuzz(const std::string& folder) {
  std::vector<std::string> kept = corpus_of(folder);
  const std::size_t given = kept.size();
  for (const std::string& input : kept) is_new(input);
  const std::size_t at_first = known_coverage();
  const std::vector<std::string> dictionary = words();
  const auto until = Clock::now() + std::chrono::seconds(number_of("FUZZ_SECONDS", 60));
  Dice dice(seed);
  std::uint64_t runs = 0;
  do {
    for (int i = 0; i < kRunsBetweenLooks; ++i, ++runs) {
      // What was kept lately is where the unknown begins.
      const std::size_t from =
          dice.one_in(2) ? kept.size() - std::min<std::size_t>(kept.size(), 64) : 0;
      const std::string& one = kept[from + dice.below(kept.size() - from)];
      std::string input = mutated(one, kept[dice.below(kept.size())], dictionary, dice);
      if (is_new(input) && kept.size() < kMostKept) kept.push_back(std::move(input));
    }
  } while (Clock::now() < until);
  std::printf(
      "fuzz_%s: seed=%llu runs=%llu given=%zu kept=%zu places=%zu of_given=%zu findings=0\n",
      kTarget, static_cast<unsigned long long>(seed), static_cast<unsigned long long>(runs), given,
      kept.size(), known_coverage(), at_first);
  return known_coverage() > 0 ? 0 : 1;  // without feedback it would fuzz in the dark
}

}  // namespace

void fail(const std::string& what) {
  std::fprintf(stderr, "fuzz_%s: %s\n", kTarget, what.c_str());
  std::abort();
}

}  // namespace slipway::fuzz

int main(int argc, char** argv) {
  using namespace slipway::fuzz;
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_%s CORPUS-FOLDER | INPUT-FILE\n", kTarget);
    return 2;
  }
  seed = number_of("SEED", 1);
  std::snprintf(found_file, sizeof found_file, "fuzz_%s.finding", kTarget);
  __sanitizer_set_death_callback(keep_finding);
  ::signal(SIGABRT, on_abort);
  if (std::filesystem::is_directory(argv[1])) return fuzz(argv[1]);
  replaying = true;
  try_input(read_file(argv[1]));
  std::printf("fuzz_%s: nothing found in %s\n", kTarget, argv[1]);
  return 0;
}

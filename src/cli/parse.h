#pragma once
// Command line -> Given, by the verb's row of the table. CLI11 does the grammar, inside parse.cc
// alone.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/verbs.h"

namespace slipway::cli {

// What was said on the command line. Look-ups name options as in the table ("--reason") and
// arguments by their name ("ENV").
class Given {
 public:
  explicit Given(const Verb& verb) : verb_(&verb) {}
  const Verb& verb() const { return *verb_; }
  bool has(std::string_view name) const;
  // The last value; without one the table's default, which may be empty.
  std::string text(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  Result<std::int64_t> number(std::string_view name, std::int64_t least, std::int64_t most) const;
  Result<Millis> duration(std::string_view name) const;

  void set(std::string name, std::vector<std::string> values) {
    values_[std::move(name)] = std::move(values);
  }

 private:
  const Verb* verb_;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

Result<Given> parse(const Verb& verb, const std::vector<std::string>& words);

}  // namespace slipway::cli

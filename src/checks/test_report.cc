#include "checks/test_report.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/text.h"
#include "checks/reading.h"

namespace slipway::checks {
namespace {
constexpr std::size_t kMostDepth = 64;
constexpr std::size_t kMostNames = 10;
constexpr std::size_t kMostAttributes = 64;
constexpr std::int64_t kMostStated = 1'000'000'000;  // of tests; sums of it stay numbers

Error malformed(std::string what) {
  return {Code::Malformed, "the report of the tests " + std::move(what),
          "did the tests end well? JUnit XML or JSON is understood"};
}

struct Tag {
  std::string_view name;
  bool ends = false;   // </name>
  bool empty = false;  // <name/>
  std::map<std::string_view, std::string_view> attributes;
};

// The tags of an XML document, one after the other; text between them is passed over.
class Tags {
 public:
  explicit Tags(std::string_view text) : left_(text) {}
  // False at the end.
  Result<bool> next(Tag& tag) {
    while (true) {
      const auto open = left_.find('<');
      if (open == left_.npos) return false;
      left_.remove_prefix(open);
      if (left_.starts_with("<!DOCTYPE")) return malformed("has a document type");
      const bool is_passed = pass("<!--", "-->") || pass("<![CDATA[", "]]>") || pass("<?", "?>");
      if (is_cut_) return malformed("is cut off");
      if (is_passed) continue;
      return read(tag);
    }
  }

 private:
  bool pass(std::string_view begin, std::string_view end) {
    if (!left_.starts_with(begin)) return false;
    const auto at = left_.find(end, begin.size());
    is_cut_ = at == left_.npos;
    left_.remove_prefix(is_cut_ ? left_.size() : at + end.size());
    return true;
  }
  void skip_space() {
    while (!left_.empty() && std::string_view(" \t\r\n").find(left_[0]) != std::string_view::npos)
      left_.remove_prefix(1);
  }
  std::string_view word() {
    const auto end = std::min(left_.find_first_of(" \t\r\n=/>\"'<"), left_.size());
    const auto out = left_.substr(0, end);
    left_.remove_prefix(end);
    return out;
  }
  Result<bool> read(Tag& tag) {
    tag = Tag();
    left_.remove_prefix(1);
    tag.ends = left_.starts_with('/');
    if (tag.ends) left_.remove_prefix(1);
    tag.name = word();
    if (tag.name.empty()) return malformed("is not XML");
    for (std::size_t i = 0; i <= kMostAttributes; ++i) {
      skip_space();
      tag.empty = left_.starts_with("/>");
      if (tag.empty || left_.starts_with('>')) {
        left_.remove_prefix(tag.empty ? 2 : 1);
        return true;
      }
      TRY(attribute(tag));
    }
    return malformed("has a tag with more than 64 attributes");
  }
  Result<void> attribute(Tag& tag) {
    const auto name = word();
    skip_space();
    if (name.empty() || !left_.starts_with('=')) return malformed("is not XML, or cut off");
    left_.remove_prefix(1);
    skip_space();
    const bool quoted = left_.starts_with('"') || left_.starts_with('\'');
    const auto end = quoted ? left_.find(left_[0], 1) : left_.npos;
    if (end == left_.npos) return malformed("is not XML, or cut off");
    tag.attributes.emplace(name, left_.substr(1, end - 1));
    left_.remove_prefix(end + 1);
    return ok();
  }

  std::string_view left_;
  bool is_cut_ = false;
};

std::int64_t number_of(const Tag& tag, std::string_view name) {
  const auto found = tag.attributes.find(name);
  std::int64_t out = 0;
  if (found == tag.attributes.end()) return 0;
  const auto text = found->second;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool is_number = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return is_number ? std::clamp<std::int64_t>(out, 0, kMostStated) : 0;
}

std::string case_name(const Tag& tag) {
  const auto name = tag.attributes.find("name");
  const auto of = tag.attributes.find("classname");
  std::string out = of == tag.attributes.end() ? "" : shown(of->second) + " ";
  return out + (name == tag.attributes.end() ? "without a name" : shown(name->second));
}

// Counts the cases, and what the suites say they hold.
class JUnit {
 public:
  Result<TestReport> read(std::string_view text) {
    Tags tags(text);
    Tag tag;
    while (TRY(tags.next(tag))) TRY(take(tag));
    if (!open_.empty() || !seen_) return malformed(seen_ ? "is cut off" : "holds no test suite");
    // A suite that ended before its cases were written says so in its totals alone.
    report_.tests = std::max(report_.tests, stated_tests_);
    report_.failed = std::max(report_.failed, stated_failed_);
    return report_;
  }

 private:
  Result<void> take(const Tag& tag) {
    if (tag.ends) {
      if (open_.empty() || open_.back() != tag.name) return malformed("is not XML: its tags cross");
      if (tag.name == "testcase") end_case();
      open_.pop_back();
      return ok();
    }
    begin(tag);
    if (tag.empty) {
      if (tag.name == "testcase") end_case();
      return ok();
    }
    if (open_.size() >= kMostDepth) return malformed("is nested more than 64 deep");
    open_.push_back(tag.name);
    return ok();
  }
  void begin(const Tag& tag) {
    const bool is_suite = tag.name == "testsuite" || tag.name == "testsuites";
    seen_ = seen_ || (is_suite && open_.empty());
    if (is_suite) {
      stated_tests_ = std::max(stated_tests_, number_of(tag, "tests"));
      stated_failed_ =
          std::max(stated_failed_, number_of(tag, "failures") + number_of(tag, "errors"));
    }
    if (tag.name == "testcase") {
      name_ = case_name(tag);
      failed_ = skipped_ = false;
    }
    const bool in_case = !open_.empty() && open_.back() == "testcase";
    failed_ = failed_ || (in_case && (tag.name == "failure" || tag.name == "error"));
    skipped_ = skipped_ || (in_case && tag.name == "skipped");
  }
  void end_case() {
    ++report_.tests;
    report_.skipped += skipped_ ? 1 : 0;
    report_.failed += failed_ ? 1 : 0;
    if (failed_ && report_.names.size() < kMostNames) report_.names.push_back(name_);
    failed_ = skipped_ = false;
  }

  TestReport report_;
  std::vector<std::string_view> open_;
  std::string name_;
  std::int64_t stated_tests_ = 0;
  std::int64_t stated_failed_ = 0;
  bool seen_ = false;
  bool failed_ = false;
  bool skipped_ = false;
};

Result<TestReport> read_totals(const Json& json) {
  const Json& stats = json.at("stats").is_object() ? json.at("stats") : json;
  TestReport out;
  for (const auto* name : {"tests", "numTotalTests"}) {
    if (stats.at(name).is_int()) out.tests = stats.integer(name);
  }
  bool says_failed = false;
  for (const auto* name :
       {"failures", "failed", "errors", "numFailedTests", "numRuntimeErrorTestSuites"}) {
    says_failed = says_failed || stats.at(name).is_int();
    out.failed += std::clamp<std::int64_t>(stats.integer(name), 0, kMostStated);
  }
  if (!says_failed) return malformed("says neither 'failures' nor 'numFailedTests'");
  return out;
}
}  // namespace

Result<TestReport> read_tests(std::string_view text) {
  if (text.size() > kMostReportBytes) return malformed("is larger than 16 MiB");
  const auto begin = trim(text);
  if (begin.starts_with('{')) return read_totals(TRY(read_json(text, "the report of the tests")));
  return JUnit().read(text);
}

}  // namespace slipway::checks

#include "load/timeline.h"

#include <algorithm>
#include <cerrno>

namespace slipway::load {
namespace {
constexpr std::int64_t kBucketMs = 10;
constexpr std::int64_t kMostLines = 1'000'000;
constexpr std::size_t kMostNames = 64;

using Counts = std::map<std::string, std::uint64_t, std::less<>>;

void count(Counts& counts, std::string_view name) {
  if (name.empty()) name = "none";
  const auto found = counts.find(name);
  if (found != counts.end()) {
    ++found->second;
  } else if (counts.size() < kMostNames) {
    counts.emplace(name, 1);
  }
}

Json to_json(const Counts& counts) {
  Json out = Json::object();
  for (const auto& [name, number] : counts) out.set(name, number);
  return out;
}

std::int64_t bucket_of(Nanos time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count() / kBucketMs;
}
}  // namespace

Result<std::unique_ptr<Timeline>> Timeline::open(const std::string& path, double start_unix_ms) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return from_errno(errno, "cannot write the timeline " + path);
  Json first = Json::object();
  first.set("start_unix_ms", start_unix_ms).set("bucket_ms", kBucketMs);
  std::fprintf(file, "%s\n", first.dump().c_str());
  return std::unique_ptr<Timeline>(new Timeline(file));
}

Timeline::~Timeline() {
  write_bucket();
  std::fclose(file_);
}

void Timeline::add(const Outcome& outcome) {
  const std::int64_t number = bucket_of(outcome.done);
  if (number != number_) {
    write_bucket();
    number_ = number;
  }
  bucket_.is_empty = false;
  bucket_.max_us = std::max(bucket_.max_us, outcome.latency_us());
  if (outcome.failure != Failure::None) {
    ++bucket_.failed;
    return;
  }
  count(bucket_.versions, outcome.version);
  if (outcome.is_app_error()) count(bucket_.app_errors, outcome.version);
}

void Timeline::write_bucket() {
  if (bucket_.is_empty || lines_ > kMostLines) return;
  Json line = Json::object();
  if (lines_++ == kMostLines) {
    line.set("cut", true);
  } else {
    line.set("t_ms", number_ * kBucketMs).set("versions", to_json(bucket_.versions));
    if (!bucket_.app_errors.empty()) line.set("app_errors", to_json(bucket_.app_errors));
    line.set("failed", bucket_.failed);
    line.set("max_ms", static_cast<double>(bucket_.max_us) / 1000);
  }
  std::fprintf(file_, "%s\n", line.dump().c_str());
  bucket_ = Bucket();
}

void Timeline::flush(Nanos now) {
  if (bucket_of(now) != number_) write_bucket();
  std::fflush(file_);
}

}  // namespace slipway::load

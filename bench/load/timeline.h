#pragma once
// What happened when: one JSON line per 10 ms in which a request ended, written while the run goes
// on. At most a million lines; the last one then says {"cut":true}.
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "load/tally.h"

namespace slipway::load {

class Timeline {
 public:
  // start_unix_ms: the wall time of the run's zero, written into the first line.
  static Result<std::unique_ptr<Timeline>> open(const std::string& path, double start_unix_ms);
  ~Timeline();
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  // Outcomes arrive in the order of `done`.
  void add(const Outcome& outcome);
  // Writes the buckets that are over at `now`, so that a reader can follow.
  void flush(Nanos now);

 private:
  struct Bucket {
    std::map<std::string, std::uint64_t, std::less<>> versions;
    std::map<std::string, std::uint64_t, std::less<>> app_errors;
    std::uint64_t failed = 0;
    std::uint64_t max_us = 0;
    bool is_empty = true;
  };
  explicit Timeline(std::FILE* file) : file_(file) {}
  void write_bucket();

  std::FILE* file_;
  std::int64_t number_ = 0;  // of the bucket being filled
  std::int64_t lines_ = 0;
  Bucket bucket_;
};

}  // namespace slipway::load

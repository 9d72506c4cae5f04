#pragma once
// Reports in memory. Thread-safe, because the daemon's tests ask from several.
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "ports/inquiry.h"

namespace slipway::drivers::fake {

class FakeInquiry : public ports::Inquiry {
 public:
  // What a file, a command or an address of this name answers from now on.
  void put(const std::string& name, const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    ports::Evidence evidence;
    evidence.there = true;
    evidence.bytes = bytes;
    answers_[name] = evidence;
  }
  void remove(const std::string& name) {
    const std::lock_guard lock(mutex_);
    answers_.erase(name);
  }
  int looks(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return looks_[name];
  }

  ports::Evidence look(const ports::Question& question) override {
    const std::lock_guard lock(mutex_);
    const auto& name = question.file.empty() ? (question.run.empty() ? question.url : question.run)
                                             : question.file;
    ++looks_[name];
    const auto found = answers_.find(name);
    if (found != answers_.end()) return found->second;
    ports::Evidence absent;
    absent.why = name + " is not there";
    return absent;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, ports::Evidence> answers_;
  std::map<std::string, int> looks_;
};

}  // namespace slipway::drivers::fake

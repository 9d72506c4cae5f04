#pragma once
// A first-in first-out queue with a limit that is always there: push() says no instead of growing.
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "base/assert.h"

namespace slipway {
template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t most) : most_(most) { ASSERT(most > 0); }
  [[nodiscard]] bool push(T item) {
    if (items_.size() >= most_) return false;
    items_.push_back(std::move(item));
    return true;
  }
  std::optional<T> pop() {
    if (items_.empty()) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }

 private:
  std::size_t most_;
  std::deque<T> items_;
};
}  // namespace slipway

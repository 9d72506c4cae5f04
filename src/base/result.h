#pragma once
// Result<T>: a value or an Error, with std::expected's member names so that a later switch is one
// alias. [[nodiscard]] and -Werror=unused-result make a dropped Result a compile error.
#include <type_traits>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/error.h"

namespace slipway {

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & {
    ASSERT(has_value());
    return std::get<0>(state_);
  }
  const T& value() const& {
    ASSERT(has_value());
    return std::get<0>(state_);
  }
  T&& value() && {
    ASSERT(has_value());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  // By value: `for (auto& x : *f())` must not look into a temporary that is gone.
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const& {
    ASSERT(!has_value());
    return std::get<1>(state_);
  }
  Error&& error() && {
    ASSERT(!has_value());
    return std::get<1>(std::move(state_));
  }
  template <class U>
  T value_or(U&& other) const& {
    return has_value() ? std::get<0>(state_) : static_cast<T>(std::forward<U>(other));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}  // NOLINT
  bool has_value() const { return !failed_; }
  explicit operator bool() const { return has_value(); }
  void value() const { ASSERT(has_value()); }
  const Error& error() const& {
    ASSERT(failed_);
    return error_;
  }
  Error&& error() && {
    ASSERT(failed_);
    return std::move(error_);
  }

 private:
  Error error_;
  bool failed_ = false;
};

inline Result<void> ok() { return {}; }

namespace internal {
template <class T>
decltype(auto) unwrap(Result<T>& r) {
  if constexpr (std::is_void_v<T>) {
    return;
  } else {
    return std::move(r).value();
  }
}
}  // namespace internal
}  // namespace slipway

// auto x = TRY(f()); hands the error on to the caller, which must return a Result too. May be
// nested.
#define TRY(expression) SLIPWAY_TRY_NUMBERED(expression, __COUNTER__)
#define SLIPWAY_TRY_NUMBERED(expression, number) \
  SLIPWAY_TRY_NAMED(expression, SLIPWAY_JOIN(try_result_, number))
#define SLIPWAY_JOIN(a, b) SLIPWAY_JOIN_EXPANDED(a, b)
#define SLIPWAY_JOIN_EXPANDED(a, b) a##b
#define SLIPWAY_TRY_NAMED(expression, name)                \
  __extension__({                                          \
    auto name = (expression);                              \
    if (!name.has_value()) return std::move(name).error(); \
    ::slipway::internal::unwrap(name);                     \
  })

#pragma once
// Writes a head behind what a string holds, into room made for all of it at once. Lines that go on
// as they came, and stood behind one another, are copied together.
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "http/parser.h"

namespace slipway::edge {

class HeadText {
 public:
  // `likely` bytes: enough for nearly every head. More make it grow, which is slow and right.
  HeadText(std::string& out, std::size_t likely) : out_(out) {
    const std::size_t size = out_.size();
    out_.resize(size + likely);
    at_ = out_.data() + size;
    end_ = at_ + likely;
  }
  HeadText(const HeadText&) = delete;
  HeadText& operator=(const HeadText&) = delete;
  ~HeadText() {
    end_run();
    out_.resize(static_cast<std::size_t>(at_ - out_.data()));
  }

  HeadText& add(std::string_view text) {
    if (!run_.empty()) end_run();
    write(text);
    return *this;
  }
  void number(std::uint64_t value) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    add({digits, static_cast<std::size_t>(end - digits)});
  }
  void field(std::string_view name, std::string_view value) {
    add(name).add(": ").add(value).add("\r\n");
  }
  void number_field(std::string_view name, std::uint64_t value) {
    add(name).add(": ");
    number(value);
    add("\r\n");
  }
  // A header as it came. One the parser read stands between line ends of its message.
  void field(const http::Header& header) {
    const std::uint32_t size = header.value_offset + header.value_size;
    const bool is_usual = header.value_offset == header.name_size + 2 &&
                          header.at[header.name_size + 1] == ' ' && header.at[size] == '\r';
    if (!is_usual) return field(header.name(), header.value());
    if (run_.data() + run_.size() != header.at) {
      end_run();
      run_ = {header.at, 0};
    }
    run_ = {run_.data(), run_.size() + size + 2};
  }

 private:
  void write(std::string_view text) {
    if (text.empty()) return;  // a view of nothing may point nowhere
    if (static_cast<std::size_t>(end_ - at_) < text.size()) grow(text.size());
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void end_run() {
    write(run_);
    run_ = {};
  }
  void grow(std::size_t size);

  std::string& out_;
  std::string_view run_;  // lines of the message that came, not yet copied
  char* at_;
  char* end_;
};

}  // namespace slipway::edge

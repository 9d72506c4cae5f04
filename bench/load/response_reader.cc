#include "load/response_reader.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/text.h"

namespace slipway::load {
namespace {
constexpr std::size_t kMostHead = 64 * 1024;
constexpr std::size_t kMostLine = 4 * 1024;
constexpr std::size_t kMostLabel = 64;

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// The whole text as a number in this base; false for anything else in it.
bool read_number(std::string_view text, int base, std::uint64_t& out) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, out, base);
  return !text.empty() && result.ec == std::errc() && result.ptr == end;
}
}  // namespace

void ResponseReader::forget_head() {
  phase_ = Phase::Head;
  keep_alive_ = true;
  is_chunked_ = has_length_ = false;
  status_ = 0;
  left_ = 0;
  held_.clear();
  shop_version_.clear();
  release_.clear();
}

void ResponseReader::begin(BodyRule rule) {
  forget_head();
  rule_ = rule;
  has_begun_ = false;
}

ResponseReader::State ResponseReader::state() const {
  if (phase_ == Phase::Done) return State::Done;
  return phase_ == Phase::Broken ? State::Broken : State::Reading;
}

std::size_t ResponseReader::feed(std::string_view bytes) {
  if (!bytes.empty()) has_begun_ = true;
  std::size_t used = 0;
  while (used < bytes.size() && state() == State::Reading) {
    const std::string_view rest = bytes.substr(used);
    switch (phase_) {
      case Phase::Head:
        used += feed_head(rest);
        break;
      case Phase::Fixed:
      case Phase::ChunkBytes:
        used += feed_counted(rest);
        break;
      case Phase::ChunkSize:
      case Phase::ChunkEnd:
      case Phase::Trailer:
        used += feed_line(rest);
        break;
      case Phase::UntilEnd:
        used = bytes.size();
        break;
      case Phase::Done:
      case Phase::Broken:
        break;
    }
  }
  return used;
}

ResponseReader::State ResponseReader::feed_end() {
  if (phase_ == Phase::UntilEnd) phase_ = Phase::Done;
  if (phase_ != Phase::Done) phase_ = Phase::Broken;
  return state();
}

std::size_t ResponseReader::feed_head(std::string_view bytes) {
  // The end of the head may lie across two pieces: look from three bytes before the new ones.
  const std::size_t before = held_.size();
  held_.append(bytes.substr(0, kMostHead));
  const std::size_t end = held_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    if (held_.size() > kMostHead) phase_ = Phase::Broken;
    return std::min(bytes.size(), kMostHead);
  }
  const std::size_t used = end + 4 - before;
  const std::string head = held_.substr(0, end + 2);
  held_.clear();
  read_head(head);
  return used;
}

void ResponseReader::read_head(std::string_view head) {
  forget_head();
  std::size_t end = head.find("\r\n");
  if (!read_status_line(head.substr(0, end))) {
    phase_ = Phase::Broken;
    return;
  }
  for (std::size_t at = end + 2; at < head.size(); at = end + 2) {
    end = head.find("\r\n", at);
    if (!read_field(head.substr(at, end - at))) {
      phase_ = Phase::Broken;
      return;
    }
  }
  choose_body();
}

bool ResponseReader::read_status_line(std::string_view line) {
  if (line.size() < 12 || !(line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 "))) {
    return false;
  }
  std::uint64_t status = 0;
  if (!read_number(line.substr(9, 3), 10, status) || status < 100 || status > 599) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  status_ = static_cast<int>(status);
  if (line[7] == '0') keep_alive_ = false;
  return true;
}

bool ResponseReader::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
  const std::string name = lower(line.substr(0, colon));
  const std::string_view value = trim(line.substr(colon + 1));
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return false;
  if (name == "x-shop-version") shop_version_ = value.substr(0, kMostLabel);
  if (name == "x-slipway-release") release_ = value.substr(0, kMostLabel);
  if (name == "connection" && lower(value).find("close") != std::string::npos) keep_alive_ = false;
  return read_framing(name, value);
}

bool ResponseReader::read_framing(std::string_view lower_name, std::string_view value) {
  if (lower_name == "content-length") {
    std::uint64_t length = 0;
    if (!read_number(value, 10, length) || (has_length_ && length != left_)) return false;
    has_length_ = true;
    left_ = length;
  }
  if (lower_name == "transfer-encoding") {
    if (is_chunked_ || lower(value) != "chunked") return false;
    is_chunked_ = true;
  }
  return !(has_length_ && is_chunked_);
}

void ResponseReader::choose_body() {
  if (status_ == 101) {
    phase_ = Phase::Broken;  // nothing was asked to be upgraded
  } else if (status_ < 200) {
    phase_ = Phase::Head;  // an interim answer; the real one follows
  } else if (rule_ == BodyRule::None || status_ == 204 || status_ == 304) {
    phase_ = Phase::Done;
  } else if (is_chunked_) {
    phase_ = Phase::ChunkSize;
  } else if (has_length_) {
    phase_ = left_ == 0 ? Phase::Done : Phase::Fixed;
  } else {
    phase_ = Phase::UntilEnd;
    keep_alive_ = false;
  }
}

std::size_t ResponseReader::feed_counted(std::string_view bytes) {
  const auto used = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  left_ -= used;
  if (left_ == 0) phase_ = phase_ == Phase::Fixed ? Phase::Done : Phase::ChunkEnd;
  return used;
}

std::size_t ResponseReader::feed_line(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  const std::size_t used = end == std::string_view::npos ? bytes.size() : end + 1;
  held_.append(bytes.substr(0, std::min(used, kMostLine)));
  if (held_.size() > kMostLine) {
    phase_ = Phase::Broken;
  } else if (end != std::string_view::npos) {
    const std::string line = std::move(held_);
    held_.clear();
    if (line.ends_with("\r\n")) {
      read_chunk_line(std::string_view(line).substr(0, line.size() - 2));
    } else {
      phase_ = Phase::Broken;
    }
  }
  return used;
}

void ResponseReader::read_chunk_line(std::string_view line) {
  if (phase_ == Phase::ChunkEnd) {
    phase_ = line.empty() ? Phase::ChunkSize : Phase::Broken;
  } else if (phase_ == Phase::Trailer) {
    if (line.empty()) phase_ = Phase::Done;
  } else if (!read_number(trim(line.substr(0, line.find(';'))), 16, left_)) {
    phase_ = Phase::Broken;
  } else {
    phase_ = left_ == 0 ? Phase::Trailer : Phase::ChunkBytes;
  }
}

}  // namespace slipway::load

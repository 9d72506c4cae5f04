#include "edge/course.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/digest.h"
#include "edge/balance.h"
#include "edge/cookies.h"
#include "edge/forwarded.h"
#include "edge/routes.h"

namespace slipway::edge {
namespace {

constexpr std::string_view kClientCookie = "slipway_client";
constexpr std::string_view kWriterCookie = "slipway_writer";
constexpr std::int64_t kYearS = 365LL * 24 * 3600;
constexpr std::uint64_t kClockSlackMs = 5'000;  // between the edges of one service
constexpr std::size_t kMostToken = 256;
constexpr std::size_t kIdDigits = 16;

using Hex = std::array<char, kIdDigits>;

Hex hex_of(std::uint64_t number) {
  static constexpr char kDigits[] = "0123456789abcdef";
  Hex text;
  for (std::size_t i = 0; i < kIdDigits; ++i)
    text[i] = kDigits[(number >> (4 * (kIdDigits - 1 - i))) & 0xf];
  return text;
}

std::string_view view_of(const Hex& hex) { return {hex.data(), hex.size()}; }

// 0: not sixteen digits of hex.
std::uint64_t number_of(std::string_view hex) {
  std::uint64_t number = 0;
  if (hex.size() != kIdDigits) return 0;
  const auto read = std::from_chars(hex.data(), hex.data() + hex.size(), number, 16);
  return read.ptr == hex.data() + hex.size() ? number : 0;
}

void set_point(Course& course, const RouteService& service, std::string_view value) {
  course.release = Course::Release::ByPoint;
  course.point = static_cast<std::uint16_t>(client_point(service.client_key, value));
}

void read_sticky_cookie(Course& course, const RouteService& service, const http::RequestHead& head,
                        const CourseFacts& facts) {
  const std::string_view value = cookie_of(head.headers, service.config.traffic.sticky.cookie);
  const bool shaped = value.size() == 2 * kIdDigits + 1 && value[kIdDigits] == '.';
  if (shaped) course.id = number_of(value.substr(0, kIdDigits));
  if (course.id != 0) course.tag = number_of(value.substr(kIdDigits + 1));
  if (course.id == 0) course.id = facts.random | 1;
  course.sticks = true;
}

void read_own_cookie(Course& course, const http::RequestHead& head, const CourseFacts& facts) {
  if (course.id == 0) course.id = number_of(cookie_of(head.headers, kClientCookie));
  if (course.id != 0) return;
  course.id = facts.random | 1;
  course.issues_id = true;
}

std::string_view key_value(const SplitRule& split, const http::RequestHead& head) {
  if (split.key == SplitRule::Key::Cookie) return cookie_of(head.headers, split.name);
  if (split.key == SplitRule::Key::Header) return head.headers.value_of(split.name);
  return {};
}

// The release by client: the same client gets the same one as long as the weights allow.
void read_client(Course& course, const RouteService& service, const http::RequestHead& head,
                 const CourseFacts& facts) {
  const SplitRule& split = service.config.traffic.split;
  const auto use_address = [&] {
    set_point(course, service, ip_text(client_address(head.headers, facts.peer, service)));
  };
  const auto use_id = [&] {
    read_own_cookie(course, head, facts);
    set_point(course, service, view_of(hex_of(course.id)));
  };
  if (split.key == SplitRule::Key::Address) return use_address();
  if (split.key == SplitRule::Key::OwnCookie) return use_id();
  const std::string_view value = key_value(split, head);
  if (!value.empty()) {
    set_point(course, service, value);
    const bool listed = std::find(split.list.begin(), split.list.end(), value) != split.list.end();
    if (listed) course.release = Course::Release::Last;
    return;
  }
  switch (split.without) {
    case SplitRule::Without::OwnCookie:
      return use_id();
    case SplitRule::Without::Address:
      return use_address();
    case SplitRule::Without::First:
      course.release = Course::Release::First;
  }
}

// A wrong token is as good as none: nothing in the answer tells that there is one to find.
void read_preview(Course& course, const RouteService& service, const http::RequestHead& head) {
  const http::Header* name = head.headers.find(kPreviewRelease);
  const http::Header* token = head.headers.find(kPreviewToken);
  if (name == nullptr || token == nullptr || token->value().size() > kMostToken) return;
  if (!equal_in_constant_time(sha256_hex(token->value()),
                              service.config.traffic.preview.token_sha256))
    return;
  course = Course();
  course.whose = Course::For::Preview;
  course.release = Course::Release::Unknown;
  for (std::size_t i = 0; i < service.pools.size(); ++i) {
    if (service.pools[i].release->release != name->value()) continue;
    course.release = Course::Release::Named;
    course.named = static_cast<std::uint16_t>(i);
  }
}

bool wants_writer(const RouteService& service, const http::RequestHead& head,
                  const CourseFacts& facts) {
  const std::string_view until = cookie_of(head.headers, kWriterCookie);
  std::uint64_t ms = 0;
  const auto read = std::from_chars(until.data(), until.data() + until.size(), ms);
  if (until.empty() || read.ptr != until.data() + until.size()) return false;
  const auto most =
      static_cast<std::uint64_t>(service.config.traffic.writer_affinity.count()) + kClockSlackMs;
  return ms > facts.now_unix_ms && ms <= facts.now_unix_ms + most;
}

void read_kind(Course& course, const RouteService& service, const http::RequestHead& head,
               const CourseFacts& facts) {
  const Traffic& traffic = service.config.traffic;
  const bool get = head.method == "GET" || head.method == "HEAD";
  if (service.has_readers && !head.upgrade) {
    course.reads = get && !wants_writer(service, head, facts);
    course.wrote = !get && head.method != "OPTIONS" && traffic.writer_affinity.count() > 0;
  }
  if (course.whose != Course::For::User) return;
  course.is_asset =
      get && service.pools.size() > 1 &&
      std::any_of(traffic.assets.begin(), traffic.assets.end(), [&](const std::string& prefix) {
        return facts.path.substr(0, prefix.size()) == prefix;
      });
  course.is_safe = (get || head.method == "OPTIONS") && !head.framing.has_body() && !head.upgrade;
  course.may_retry = service.retries_answers && !head.framing.has_body() && !head.upgrade &&
                     http::is_idempotent(head.method);
}

}  // namespace

Course read_course(const RouteService& service, const http::RequestHead& head,
                   const CourseFacts& facts) {
  const Traffic& traffic = service.config.traffic;
  Course course;
  if (!traffic.preview.token_sha256.empty()) read_preview(course, service, head);
  if (course.whose == Course::For::User) {
    if (!traffic.sticky.cookie.empty()) {
      read_sticky_cookie(course, service, head, facts);
      set_point(course, service, view_of(hex_of(course.id)));
    }
    if (traffic.split.by == SplitRule::By::Client) read_client(course, service, head, facts);
  }
  read_kind(course, service, head, facts);
  course.secure = course.marks_answer() && trusts(service, facts.peer) &&
                  http::equals_ignoring_case(head.headers.value_of("x-forwarded-proto"), "https");
  return course;
}

bool is_for_the_edge(const http::Header& header) {
  if (header.known != http::Known::Other) return false;
  if (header.name_size == kPreviewToken.size())
    return http::equals_ignoring_case(header.name(), kPreviewToken);
  return header.name_size == kPreviewRelease.size() &&
         http::equals_ignoring_case(header.name(), kPreviewRelease);
}

void write_cookies(const Course& course, const RouteService& service, const RoutePool& pool,
                   const http::Headers& answer, const AnswerFacts& facts, std::string& out) {
  const Traffic& traffic = service.config.traffic;
  const Hex id = hex_of(course.id);
  if (course.issues_id) append_cookie({kClientCookie, view_of(id), kYearS, facts.secure}, out);
  if (course.sticks && facts.tag != course.tag) {
    const Hex tag = hex_of(facts.tag);
    std::array<char, 2 * kIdDigits + 1> value;
    std::copy(id.begin(), id.end(), value.begin());
    value[kIdDigits] = '.';
    std::copy(tag.begin(), tag.end(), value.begin() + kIdDigits + 1);
    append_cookie({traffic.sticky.cookie,
                   {value.data(), value.size()},
                   traffic.sticky.max_age_s,
                   facts.secure},
                  out);
  }
  const bool opted_out = http::equals_ignoring_case(answer.value_of(kWriterAffinity), "false");
  if (!course.wrote || pool.writers == pool.targets.size() || opted_out) return;
  const std::int64_t affinity = traffic.writer_affinity.count();
  std::array<char, 24> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(),
                                 facts.now_unix_ms + static_cast<std::uint64_t>(affinity));
  append_cookie({kWriterCookie,
                 {text.data(), static_cast<std::size_t>(end.ptr - text.data())},
                 affinity / 1000 + 1,
                 facts.secure},
                out);
}

}  // namespace slipway::edge

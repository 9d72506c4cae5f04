#include "plan/zone.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "plan/civil.h"

namespace slipway::plan {
namespace {
constexpr std::size_t kMostBytes = 256 * 1024;
constexpr std::size_t kHeaderBytes = 44;
constexpr std::uint32_t kMostEntries = 4096;
// RFC 9636, 3.2: what an offset should be within.
constexpr std::int32_t kLeastOffset = -89'999;
constexpr std::int32_t kMostOffset = 93'599;

// Reads big-endian numbers; after the end everything is zero and is_whole() is false.
class Bytes {
 public:
  explicit Bytes(std::string_view rest) : rest_(rest) {}
  bool is_whole() const { return is_whole_; }
  std::string_view rest() const { return rest_; }

  std::string_view take(std::size_t count) {
    if (count > rest_.size()) {
      is_whole_ = false;
      rest_ = {};
      return {};
    }
    const auto out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t out = 0;
    for (const char c : take(bytes)) out = out << 8 | static_cast<unsigned char>(c);
    return out;
  }
  std::int32_t int32() { return static_cast<std::int32_t>(number(4)); }
  std::int64_t int64() { return static_cast<std::int64_t>(number(8)); }

 private:
  std::string_view rest_;
  bool is_whole_ = true;
};

struct Header {
  std::uint32_t ut_count = 0;
  std::uint32_t std_count = 0;
  std::uint32_t leap_count = 0;
  std::uint32_t change_count = 0;
  std::uint32_t kind_count = 0;
  std::uint32_t name_bytes = 0;
  char version = 0;
};

bool read_header(Bytes& in, Header& out) {
  if (in.take(4) != "TZif") return false;
  const auto version = in.take(1);
  if (version.empty()) return false;
  out.version = version.front();
  in.take(15);
  for (auto* count : {&out.ut_count, &out.std_count, &out.leap_count, &out.change_count,
                      &out.kind_count, &out.name_bytes}) {
    *count = static_cast<std::uint32_t>(in.number(4));
    if (*count > kMostEntries) return false;
  }
  return in.is_whole();
}

std::size_t body_bytes(const Header& header, std::size_t time_bytes) {
  return header.change_count * (time_bytes + 1) + header.kind_count * 6 + header.name_bytes +
         header.leap_count * (time_bytes + 4) + header.std_count + header.ut_count;
}
}  // namespace

// What a zone's file says, while it is read.
class TzifReader {
 public:
  explicit TzifReader(std::string_view tzif) : in_(tzif) {}

  // Empty when the file is right; else what is wrong with it.
  std::string read() {
    Header first;
    if (!read_header(in_, first)) return "it is not a TZif file";
    if (first.version < '2') return "it is of version 1, which ends in 2037";
    in_.take(body_bytes(first, 4));
    if (!read_header(in_, header_)) return "its second header is not one";
    if (header_.leap_count != 0) return "it counts leap seconds, as the zones under right/ do";
    if (header_.kind_count == 0) return "it has no kind of local time";
    for (const auto step :
         {&TzifReader::read_changes, &TzifReader::read_kinds, &TzifReader::read_footer}) {
      const auto wrong = (this->*step)();
      if (!wrong.empty()) return wrong;
    }
    return {};
  }

  struct Kind {
    std::int32_t offset = 0;
    std::string name;
  };
  std::vector<std::pair<std::int64_t, std::size_t>> changes;
  std::vector<Kind> kinds;
  std::optional<PosixRule> rule;

 private:
  std::string read_changes() {
    changes.resize(header_.change_count);
    for (auto& [at, kind] : changes) at = in_.int64();
    for (auto& [at, kind] : changes) kind = in_.number(1);
    if (!in_.is_whole()) return "it ends within its transitions";
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if (changes[i].second >= header_.kind_count)
        return "a transition names a kind that is not there";
      if (i > 0 && changes[i].first <= changes[i - 1].first) return "its transitions do not rise";
    }
    return {};
  }

  std::string read_kinds() {
    std::vector<std::size_t> names;
    for (std::uint32_t i = 0; i < header_.kind_count; ++i) {
      Kind kind;
      kind.offset = in_.int32();
      const auto summer = in_.number(1);
      names.push_back(in_.number(1));
      if (kind.offset < kLeastOffset || kind.offset > kMostOffset)
        return "an offset is out of range";
      if (summer > 1) return "a kind is neither standard nor summer time";
      kinds.push_back(std::move(kind));
    }
    const auto letters = in_.take(header_.name_bytes);
    in_.take(header_.std_count + header_.ut_count);
    if (!in_.is_whole()) return "it ends within its kinds of local time";
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      const auto end = letters.find('\0', names[i]);
      if (names[i] >= letters.size() || end == std::string_view::npos)
        return "an abbreviation does not end";
      kinds[i].name = letters.substr(names[i], end - names[i]);
    }
    return {};
  }

  std::string read_footer() {
    auto rest = in_.rest();
    if (rest.size() < 2 || rest.front() != '\n' || rest.back() != '\n')
      return "its last line is not whole";
    rest = rest.substr(1, rest.size() - 2);
    if (rest.empty()) return {};
    rule = PosixRule::parse(rest);
    return rule ? std::string() : "its last line is no rule: " + std::string(rest);
  }

  Bytes in_;
  Header header_;
};

Zone Zone::utc() {
  Zone out;
  out.name_ = "UTC";
  out.kinds_ = {{0, "UTC"}};
  return out;
}

Result<Zone> Zone::parse(std::string name, std::string_view tzif) {
  TzifReader reader(tzif);
  const std::string wrong = tzif.size() > kMostBytes ? "it is too long" : reader.read();
  if (!wrong.empty()) {
    return Error(Code::Malformed, "cannot read the time zone " + name + ": " + wrong,
                 "install Debian's tzdata anew");
  }
  Zone out;
  out.name_ = std::move(name);
  for (auto& kind : reader.kinds) out.kinds_.push_back({kind.offset, std::move(kind.name)});
  for (const auto& [at, kind] : reader.changes) out.changes_.push_back({at, kind});
  out.rule_ = std::move(reader.rule);
  return out;
}

const Zone::Kind* Zone::recorded_at(std::int64_t unix_s) const {
  if (changes_.empty()) return rule_ ? nullptr : &kinds_.front();
  if (unix_s < changes_.front().at) return &kinds_.front();
  if (unix_s >= changes_.back().at && rule_) return nullptr;
  const auto after =
      std::upper_bound(changes_.begin(), changes_.end(), unix_s,
                       [](std::int64_t at, const Change& change) { return at < change.at; });
  return &kinds_[std::prev(after)->kind];
}

std::int32_t Zone::offset_at(std::int64_t unix_s) const {
  const Kind* kind = recorded_at(unix_s);
  return kind != nullptr ? kind->offset : rule_->at(unix_s).offset;
}

std::string Zone::abbreviation_at(std::int64_t unix_s) const {
  const Kind* kind = recorded_at(unix_s);
  return kind != nullptr ? kind->name : rule_->at(unix_s).name;
}

std::vector<std::int64_t> Zone::instants_of(std::int64_t local_s) const {
  std::vector<std::int64_t> out;
  // Offsets differ from the one sought by at most a day and a bit, so the true one holds nearby.
  std::vector<std::int32_t> offsets{offset_at(local_s - 26 * 3600)};
  for (const auto at : changes_between(local_s - 26 * 3600, local_s + 26 * 3600))
    offsets.push_back(offset_at(at));
  for (const auto offset : offsets) {
    const std::int64_t instant = local_s - offset;
    if (offset_at(instant) == offset) out.push_back(instant);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::int64_t> Zone::changes_between(std::int64_t from, std::int64_t to) const {
  std::vector<std::int64_t> out;
  for (const auto& change : changes_) {
    if (change.at > from && change.at <= to) out.push_back(change.at);
  }
  if (!rule_) return out;
  const auto begin =
      changes_.empty() ? std::numeric_limits<std::int64_t>::min() : changes_.back().at;
  const int last = civil_of(day_of_second(to)).year + 1;
  for (int year = civil_of(day_of_second(from)).year - 1; year <= last; ++year) {
    for (const auto at : rule_->changes(year)) {
      if (at > std::max(begin, from) && at <= to) out.push_back(at);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace slipway::plan

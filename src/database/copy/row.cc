#include "database/copy/row.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace slipway::database::copy {
namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr std::size_t kHeader = 19;

template <class Number>
auto swapped(Number number) {
  if constexpr (sizeof number == 2) return __builtin_bswap16(static_cast<std::uint16_t>(number));
  if constexpr (sizeof number == 4) return __builtin_bswap32(static_cast<std::uint32_t>(number));
  if constexpr (sizeof number == 8) return __builtin_bswap64(static_cast<std::uint64_t>(number));
}

template <class Number>
Number read_number(std::string_view bytes) {
  Number out = 0;
  ASSERT(bytes.size() >= sizeof out);
  std::memcpy(&out, bytes.data(), sizeof out);
  return static_cast<Number>(swapped(out));
}

template <class Number>
void append_number(Number number, std::string& out) {
  const auto bytes = swapped(number);
  out.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
}

void set_length(std::string& out, std::size_t at) {
  const auto length = swapped(static_cast<std::uint32_t>(out.size() - at - 4));
  std::memcpy(out.data() + at, &length, sizeof length);
}

Error malformed(std::string_view what) {
  return Error(Code::Malformed, fmt::format("the source's COPY stream {}", what),
               "run the copy again; if it happens twice, tell us the server's version");
}

Error no_fit(const ColumnMask& column, std::size_t length) {
  return Error(Code::Refused,
               fmt::format("a pseudonym of {} characters does not fit into {}, which holds {}",
                           length, column.name, column.most_characters),
               "widen the column, or give it another rule: token keeps the length of a value");
}

// A number with as many digits, not beyond `most`: the walk stays among those, so it is one to one.
std::int64_t scrambled(std::int64_t number, std::int64_t most, const Scramble& scramble,
                       std::vector<std::uint8_t>& symbols) {
  // The least number of a type has no positive counterpart: it stays.
  if (number < -most) return number;
  std::string text = std::to_string(number < 0 ? -number : number);
  std::string next;
  for (;;) {
    next.clear();
    scramble.apply(text, symbols, next);
    text.swap(next);
    const std::string limit = std::to_string(most);
    const bool fits = text.size() < limit.size() || text <= limit;
    if (fits && (text.front() != '0' || text.size() == 1)) break;
  }
  const std::int64_t out = std::stoll(text);
  return number < 0 ? -out : out;
}

template <class Number>
void change_number(const ColumnMask& column, std::string_view value,
                   std::vector<std::uint8_t>& symbols, std::string& out) {
  const auto number = scrambled(read_number<Number>(value), std::numeric_limits<Number>::max(),
                                *column.scramble, symbols);
  append_number(static_cast<Number>(number), out);
}

// Infinity, written as the largest and the least number, stays what it is.
template <class Number>
void shift(std::string_view value, Number by, std::string& out) {
  const auto number = read_number<Number>(value);
  const bool endless =
      number == std::numeric_limits<Number>::max() || number == std::numeric_limits<Number>::min();
  append_number(endless ? number : static_cast<Number>(number + by), out);
}

void change_uuid(const Scramble& scramble, std::string_view value,
                 std::vector<std::uint8_t>& symbols, std::string& out) {
  // The digits of version and variant stay: a random UUID remains one.
  constexpr std::size_t kVersion = 12;
  constexpr std::size_t kVariant = 16;
  symbols.clear();
  for (std::size_t i = 0; i < 32; ++i) {
    const auto byte = static_cast<std::uint8_t>(value[i / 2]);
    const auto nibble = static_cast<std::uint8_t>(i % 2 == 0 ? byte >> 4 : byte & 15);
    if (i != kVersion && i != kVariant) symbols.push_back(nibble);
  }
  scramble.permute_nibbles(symbols);
  std::size_t next = 0;
  for (std::size_t i = 0; i < 32; i += 2) {
    const auto own = static_cast<std::uint8_t>(value[i / 2]);
    const unsigned high = i == kVersion || i == kVariant ? own >> 4 : symbols[next++];
    const unsigned low = symbols[next++];
    out += static_cast<char>(high << 4 | low);
  }
}

std::size_t expected_size(Wire wire) {
  switch (wire) {
    case Wire::Uuid:
      return 16;
    case Wire::Int2:
      return 2;
    case Wire::Int4:
    case Wire::Date:
      return 4;
    case Wire::Int8:
    case Wire::Timestamp:
      return 8;
    case Wire::Text:
    case Wire::Jsonb:
    case Wire::Inet:
    case Wire::TextList:
    case Wire::Opaque:
      break;
  }
  return 0;
}

}  // namespace

Result<void> RowStream::take(std::string_view message, std::string& out) {
  const std::size_t before = out.size();
  tally_.bytes_in += message.size();
  if (!began_) {
    if (message.size() < kHeader || !message.starts_with(kSignature))
      return malformed("does not begin as binary COPY does");
    if (read_number<std::int32_t>(message.substr(15)) != 0)
      return malformed("has a header of a later version");
    out += message.substr(0, kHeader);
    message.remove_prefix(kHeader);
    began_ = true;
  }
  while (!message.empty() && !ended_) {
    if (!row(message, out)) return *error_;
  }
  if (!message.empty()) return malformed("goes on after its end");
  tally_.bytes_out += out.size() - before;
  return ok();
}

bool RowStream::fail(Error error) {
  error_ = std::move(error);
  return false;
}

bool RowStream::row(std::string_view& in, std::string& out) {
  if (in.size() < 2) return fail(malformed("breaks off"));
  const auto count = read_number<std::int16_t>(in);
  if (count == -1) {
    out += in.substr(0, 2);
    in.remove_prefix(2);
    ended_ = true;
    return true;
  }
  if (static_cast<std::size_t>(count) != columns_.size())
    return fail(malformed("has another number of columns than its table"));
  // What stays as it is is copied in runs: from `kept` to `at`.
  std::size_t kept = 0;
  std::size_t at = 2;
  for (const ColumnMask& column : columns_) {
    if (in.size() - at < 4) return fail(malformed("breaks off"));
    const auto length = read_number<std::int32_t>(in.substr(at));
    if (length < -1 || (length > 0 && in.size() - at - 4 < static_cast<std::size_t>(length)))
      return fail(malformed("breaks off"));
    const std::size_t next = at + 4 + static_cast<std::size_t>(std::max(length, 0));
    const auto value = in.substr(at + 4, next - at - 4);
    if (is_kept(column, length)) {
      if (length > 0 && column.is_searched) search(column, value);
    } else {
      out += in.substr(kept, at - kept);
      if (!field(column, value, out)) return false;
      kept = next;
    }
    at = next;
  }
  out += in.substr(kept, at - kept);
  in.remove_prefix(at);
  ++tally_.rows;
  return true;
}

// NULL stays NULL under every rule; an empty value stays empty, but for the rule null.
bool RowStream::is_kept(const ColumnMask& column, std::int32_t length) {
  switch (column.act) {
    case ColumnMask::Act::Copy:
      return column.element_type == 0 || length < 12;
    case ColumnMask::Act::Null:
      return length < 0;
    case ColumnMask::Act::Change:
      break;
  }
  return length <= 0;
}

bool RowStream::field(const ColumnMask& column, std::string_view value, std::string& out) {
  if (column.act == ColumnMask::Act::Null) {
    append_number(std::int32_t{-1}, out);
    return true;
  }
  const std::size_t at = out.size();
  out.append(4, '\0');
  if (column.act == ColumnMask::Act::Copy) {
    out += value.substr(0, 8);
    append_number(column.element_type, out);
    out += value.substr(12);
  } else if (!change(column, value, out)) {
    return false;
  }
  set_length(out, at);
  if (column.is_searched) search(column, std::string_view(out).substr(at + 4));
  return true;
}

bool RowStream::change(const ColumnMask& column, std::string_view value, std::string& out) {
  const std::size_t size = expected_size(column.wire);
  if (size != 0 && value.size() != size)
    return fail(
        malformed(fmt::format("has a value of another size than its type in {}", column.name)));
  switch (column.wire) {
    case Wire::Text:
      return text(column, value, out);
    case Wire::Jsonb:
      if (value.front() != 1) return fail(malformed("has jsonb of a later version"));
      out += value.front();
      return text(column, value.substr(1), out);
    case Wire::TextList:
      return list(column, value, out);
    case Wire::Inet: {
      if (value.size() != 8 && value.size() != 20)
        return fail(malformed("has an address of no family"));
      const std::size_t begin = out.size() + 4;
      out += value;
      column.addresses->apply_bytes(
          {reinterpret_cast<std::uint8_t*>(out.data() + begin), value.size() - 4});
      return true;
    }
    case Wire::Uuid:
      change_uuid(*column.scramble, value, scratch_.symbols, out);
      return true;
    case Wire::Int2:
      change_number<std::int16_t>(column, value, scratch_.symbols, out);
      return true;
    case Wire::Int4:
      change_number<std::int32_t>(column, value, scratch_.symbols, out);
      return true;
    case Wire::Int8:
      change_number<std::int64_t>(column, value, scratch_.symbols, out);
      return true;
    case Wire::Date:
      shift<std::int32_t>(value, column.shift_days, out);
      return true;
    case Wire::Timestamp:
      shift<std::int64_t>(value, std::int64_t{column.shift_days} * 86'400'000'000, out);
      return true;
    case Wire::Opaque:
      break;
  }
  return fail(malformed(fmt::format("cannot be changed in {}", column.name)));
}

bool RowStream::text(const ColumnMask& column, std::string_view value, std::string& out) {
  const std::size_t begin = out.size();
  if (!column.mask->apply(value, scratch_, out)) {
    return fail(Error(Code::Malformed, fmt::format("a value of {} is no JSON", column.name),
                      "give the column the rule null, or mend the value"));
  }
  if (column.most_characters == 0) return true;
  const std::size_t bytes = out.size() - begin;
  if (bytes <= static_cast<std::size_t>(column.most_characters)) return true;
  const std::string_view written = std::string_view(out).substr(begin);
  const auto length =
      static_cast<std::size_t>(std::count_if(written.begin(), written.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
      }));
  if (length <= static_cast<std::size_t>(column.most_characters)) return true;
  return fail(no_fit(column, length));
}

bool RowStream::list(const ColumnMask& column, std::string_view value, std::string& out) {
  if (value.size() < 12) return fail(malformed("has a broken array"));
  const auto dimensions = read_number<std::int32_t>(value);
  const std::size_t head = 12 + 8 * static_cast<std::size_t>(std::clamp(dimensions, 0, 6));
  if (dimensions < 0 || dimensions > 6 || value.size() < head)
    return fail(malformed("has a broken array"));
  out += value.substr(0, head);
  value.remove_prefix(head);
  while (!value.empty()) {
    if (value.size() < 4) return fail(malformed("has a broken array"));
    const auto length = read_number<std::int32_t>(value);
    const auto size = static_cast<std::size_t>(std::max(length, 0));
    if (length < -1 || value.size() - 4 < size) return fail(malformed("has a broken array"));
    const std::size_t at = out.size();
    out += value.substr(0, 4);
    if (length > 0) {
      if (!text(column, value.substr(4, size), out)) return false;
      set_length(out, at);
    }
    value.remove_prefix(4 + size);
  }
  return true;
}

void RowStream::search(const ColumnMask& column, std::string_view written) {
  if (needles_ == nullptr || !needles_->is_in(written)) return;
  if (tally_.leaks++ == 0) tally_.first_leak = column.name;
}

}  // namespace slipway::database::copy

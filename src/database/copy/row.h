#pragma once
// Rows of COPY … (FORMAT binary) on their way through the masks. Binary rather than text: there is
// nothing to escape, and the target need not read numbers and times again (docs/adr/0011).
//
// The format: a header of 19 bytes; for each row an int16 count of fields, for each field an int32
// length (-1: NULL) and its bytes; at the end an int16 -1. Numbers are big-endian.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "database/copy/address.h"
#include "database/copy/leak_scan.h"
#include "database/copy/mask.h"
#include "database/copy/scramble.h"

namespace slipway::database::copy {

// How the bytes of a field lie in the stream.
enum class Wire {
  Text,   // text, varchar, json, xml …: the text itself
  Jsonb,  // a byte 1, then the text
  Inet,   // family, bits, is_cidr, length, address
  Uuid,   // 16 bytes
  Int2,
  Int4,
  Int8,
  Date,       // int32, days
  Timestamp,  // int64, microseconds
  TextList,   // one-dimensional or deeper array of texts
  Opaque,     // can be copied or left out, not changed
};

struct ColumnMask {
  enum class Act { Copy, Null, Change };
  std::string name;
  Wire wire = Wire::Opaque;
  Act act = Act::Copy;
  std::shared_ptr<const Mask> mask;                     // texts
  std::shared_ptr<const AddressPermutation> addresses;  // Inet
  std::shared_ptr<const Scramble> scramble;             // Uuid, numbers
  int shift_days = 0;                                   // Date, Timestamp
  int most_characters = 0;
  // Arrays of the database's own types name the type by a number that is another in the target.
  std::uint32_t element_type = 0;  // the target's; 0: leave it
  bool is_searched = false;        // for real values that hide in what is kept
};

struct RowTally {
  std::uint64_t rows = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t leaks = 0;  // places where a real value stood in a kept field
  std::string first_leak;   // the column
};

// The rows of one COPY. Not shared between threads.
class RowStream {
 public:
  // `columns` and `needles` outlive it.
  RowStream(const std::vector<ColumnMask>& columns, const NeedleSet* needles)
      : columns_(columns), needles_(needles) {}
  // Appends what one message of the source becomes. A message holds whole rows.
  // The message of an error names a column, never a value.
  Result<void> take(std::string_view message, std::string& out);
  bool is_complete() const { return ended_; }  // the end of the stream was seen
  const RowTally& tally() const { return tally_; }

 private:
  // False: error_ says why. A Result for each of some ten fields of a row would cost more than most
  // masks do.
  bool row(std::string_view& in, std::string& out);
  static bool is_kept(const ColumnMask& column, std::int32_t length);
  bool field(const ColumnMask& column, std::string_view value, std::string& out);
  bool change(const ColumnMask& column, std::string_view value, std::string& out);
  bool text(const ColumnMask& column, std::string_view value, std::string& out);
  bool list(const ColumnMask& column, std::string_view value, std::string& out);
  bool fail(Error error);
  void search(const ColumnMask& column, std::string_view written);

  const std::vector<ColumnMask>& columns_;
  const NeedleSet* needles_;
  Scratch scratch_;
  RowTally tally_;
  std::optional<Error> error_;
  bool began_ = false;
  bool ended_ = false;
};

}  // namespace slipway::database::copy

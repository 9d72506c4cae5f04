#pragma once
// Mask: what one value becomes. Made once per column, then used for every row by every stream:
// const, keyed, without a look at anything but the value, and without allocating once its room has
// grown.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "database/copy/rules.h"
#include "database/copy/siphash.h"

namespace slipway::database::copy {

// What a few values have just become: one that is dear to change often stands twice in a row, in a
// column and in JSON.
class Recent {
 public:
  // Appends it; false: not remembered. `mask` tells apart who changes a value differently.
  bool recall(std::uint64_t mask, std::string_view value, std::string& out) const;
  void keep(std::uint64_t mask, std::string_view value, std::string_view result);

 private:
  struct Entry {
    std::uint64_t mask = 0;
    std::string value;
    std::string result;
  };
  std::array<Entry, 4> entries_;
  std::size_t next_ = 0;
};

// Room to work in; one per stream.
struct Scratch {
  std::vector<std::uint8_t> symbols;
  std::string text;    // a JSON text without its escapes
  std::string result;  // what becomes of it
  std::string folded;  // a value in lower case
  Recent recent;
};

class Mask {
 public:
  virtual ~Mask() = default;
  // Appends what stands in the copy for a value that is neither NULL nor empty. False: the value is
  // not what this mask is for (JSON that is none); nothing may be copied then.
  virtual bool apply(std::string_view value, Scratch& scratch, std::string& out) const = 0;
};

// Whether two values of the column (or of its domain) must stay two.
enum class Unique { No, Yes };

struct MaskTerms {
  Unique unique = Unique::No;
  int most_characters = 0;  // varchar(n); 0: any
  bool fold_case = false;   // citext: values that differ in case are one
};

// The mask of a rule for texts. Kinds that are no texts (Keep, Null, DateShift) have none.
std::unique_ptr<Mask> make_mask(const Rule& rule, const Key128& key, const MaskTerms& terms);
// Whether the kind keeps different values different, on columns that need it.
bool keeps_apart(const Rule& rule);

}  // namespace slipway::database::copy

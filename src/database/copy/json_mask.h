#pragma once
// JsonMask: a JSON document with the texts at some paths replaced. The text is walked once and
// written as it is read: keys, order, numbers and white space stay, nothing is built in memory.
//   A rule's path that leads to a map or list covers every text in it. Where a rule stands, a
// number becomes 0 and true and false become null; null and "" stay.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "database/copy/mask.h"

namespace slipway::database::copy {

class JsonMask final : public Mask {
 public:
  JsonMask(const Rule& rule, const Key128& master);
  ~JsonMask() override;
  bool apply(std::string_view value, Scratch& scratch, std::string& out) const override;

 private:
  struct Place;
  class Walk;
  void add(const JsonPath& path, const Key128& master);

  std::vector<Place> places_;  // [0] is the document; children by index
};

}  // namespace slipway::database::copy

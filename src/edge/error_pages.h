#pragma once
// A service's own pages for what the edge answers itself: a folder with 503.html, 4xx.html …, read
// when a table is installed and never by a worker. As kamal-proxy's: "{{ .Message }}" stands for
// the message, escaped for HTML.
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace slipway::edge {

class ErrorPages {
 public:
  // The folder must be there and hold at least one page: a mistyped path is worth an error.
  static Result<ErrorPages> load(const std::string& folder);
  // The page of this status, else of its class (5xx.html); empty when there is neither.
  std::string text(int status, std::string_view message) const;

 private:
  using Page = std::vector<std::string>;  // the message goes between the parts
  static Result<Page> parse(const std::string& path, std::string_view text);
  std::map<std::string, Page, std::less<>> pages_;  // "503", "5xx"
};

// The pages of folders, for as long as a table names them: a folder that can not be read any more
// keeps the pages it had.
class ErrorPageShelf {
 public:
  std::shared_ptr<const ErrorPages> pages(const std::string& folder);
  void forget_unused();

 private:
  std::map<std::string, std::shared_ptr<const ErrorPages>> pages_;
};

std::string escaped_for_html(std::string_view text);

}  // namespace slipway::edge

#include "edge/error_pages.h"

#include <fmt/format.h>

#include "base/text.h"
#include "io/files.h"

namespace slipway::edge {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr std::string_view kEnding = ".html";

bool is_page_name(std::string_view name) {
  if (name.size() != 3 || (name[0] != '4' && name[0] != '5')) return false;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return name.substr(1) == "xx" || (digit(name[1]) && digit(name[2]));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string escaped_for_html(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

Result<ErrorPages::Page> ErrorPages::parse(const std::string& path, std::string_view text) {
  Page page;
  for (std::size_t open = text.find("{{"); open != std::string_view::npos; open = text.find("{{")) {
    const std::size_t close = text.find("}}", open);
    const std::string_view inside =
        close == std::string_view::npos ? "" : trimmed(text.substr(open + 2, close - open - 2));
    if (inside != ".Message")
      return Error(
          Code::Malformed,
          fmt::format("the error page {} has a \"{{{{\" that is not {{{{ .Message }}}}", path),
          "an error page is plain HTML but for {{ .Message }}");
    page.emplace_back(text.substr(0, open));
    text.remove_prefix(close + 2);
  }
  page.emplace_back(text);
  return page;
}

Result<ErrorPages> ErrorPages::load(const std::string& folder) {
  ErrorPages pages;
  for (const std::string& name : TRY(io::list_dir(folder))) {
    const std::string_view view(name);
    if (!view.ends_with(kEnding) || !is_page_name(view.substr(0, view.size() - kEnding.size())))
      continue;
    const std::string path = io::join_path(folder, name);
    const std::string text = TRY(io::read_file(path, kMostBytes));
    pages.pages_[name.substr(0, name.size() - kEnding.size())] = TRY(parse(path, text));
  }
  if (pages.pages_.empty())
    return Error(Code::Malformed, fmt::format("the folder of error pages {} has no page", folder),
                 "put 503.html, 404.html, 4xx.html or 5xx.html there");
  return pages;
}

std::string ErrorPages::text(int status, std::string_view message) const {
  std::string name = std::to_string(status);
  auto page = pages_.find(name);
  if (page == pages_.end()) page = pages_.find(name.replace(1, 2, "xx"));
  if (page == pages_.end()) return {};
  const std::string escaped = escaped_for_html(message);
  std::string out;
  for (std::size_t i = 0; i < page->second.size(); ++i) {
    if (i > 0) out += escaped;
    out += page->second[i];
  }
  return out;
}

std::shared_ptr<const ErrorPages> ErrorPageShelf::pages(const std::string& folder) {
  std::shared_ptr<const ErrorPages>& known = pages_[folder];
  if (auto fresh = ErrorPages::load(folder))
    known = std::make_shared<const ErrorPages>(std::move(fresh).value());
  return known;
}

void ErrorPageShelf::forget_unused() {
  std::erase_if(pages_, [](const auto& entry) { return entry.second.use_count() <= 1; });
}

}  // namespace slipway::edge

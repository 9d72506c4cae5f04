#include "drivers/own_file/words.h"

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/text.h"

namespace slipway::drivers::own_file {
namespace {
constexpr std::string_view kName = "-._";
constexpr std::string_view kHost = "-._*";
constexpr std::string_view kPath = "-._~/";
constexpr std::string_view kAddress = "-._:[]";
constexpr std::string_view kNetwork = ".:/";

Result<void> check(const std::string& word, std::string_view allowed, std::string_view kind,
                   std::string_view router) {
  const auto fits = [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           allowed.find(c) != std::string_view::npos;
  };
  if (std::all_of(word.begin(), word.end(), fits)) return ok();
  return Error(Code::Unsupported,
               std::string(router) + " cannot be given the " + std::string(kind) + " \"" + word +
                   "\": it has characters that slipway does not write into its configuration",
               "use letters, digits and " + std::string(allowed) + ", or the router edge");
}
}  // namespace

Result<void> check_words(const ports::Split& split, std::string_view router) {
  for (const auto& share : split.shares) {
    TRY(check(share.service, kName, "service", router));
    TRY(check(share.release, kName, "release", router));
    for (const auto& address : share.addresses) {
      TRY(check(address, kAddress, "address", router));
    }
  }
  for (const auto& front : split.fronts) {
    TRY(check(front.service, kName, "service", router));
    TRY(check(front.health_path, kPath, "health path", router));
    for (const auto& host : front.route.hosts) TRY(check(host, kHost, "host", router));
    for (const auto& path : front.route.paths) TRY(check(path, kPath, "path", router));
  }
  for (const auto& network : split.allow) TRY(check(network, kNetwork, "network", router));
  return ok();
}

// A name neither begins nor ends with "-", so a single "_" between two names stays one.
std::string plain_name(std::string_view name) { return replace_all(std::string(name), "-", "__"); }

std::string closed_page(const ports::Split& split) {
  if (!split.page.empty()) return split.page;
  const std::string title =
      split.mode == ports::Mode::Maintenance ? "Down for maintenance" : "Service unavailable";
  std::string message = replace_all(split.message, "&", "&amp;");
  message = replace_all(replace_all(message, "<", "&lt;"), ">", "&gt;");
  return "<!doctype html><html><head><meta charset=\"utf-8\"><title>" + title +
         "</title></head><body><h1>" + title + "</h1><p>" + message + "</p></body></html>\n";
}

// Rounded up: "Retry-After: 0" would bring everybody back at once.
std::int64_t retry_after_s(const ports::Split& split) {
  return (split.retry_after.count() + 999) / 1000;
}

std::string stamp(const ports::AppRef& app, std::int64_t version, std::uint64_t epoch,
                  const std::string& op) {
  return Json::object()
      .set("app", app.app)
      .set("environment", app.environment)
      .set("version", version)
      .set("epoch", epoch)
      .set("op", op)
      .dump();
}

}  // namespace slipway::drivers::own_file

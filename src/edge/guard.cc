#include "edge/guard.h"

#include <algorithm>

#include "http/bytes.h"

namespace slipway::edge {
namespace {

std::vector<Cidr> parsed(const std::vector<std::string>& ranges) {
  std::vector<Cidr> out;
  for (const std::string& range : ranges) {
    if (auto cidr = Cidr::parse(range)) out.push_back(*cidr);
  }
  return out;
}

bool any_contains(const std::vector<Cidr>& ranges, const Address& address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Cidr& range) { return range.contains(address); });
}

// Not secret and the same everywhere: what keeps clients apart is keyed by the process.
std::uint64_t rule_id(const Service& service, const LimitRule& rule) {
  std::string text = service.app + '\n' + service.environment + '\n' + service.name;
  text += '\n' + rule.path;
  for (const std::string& method : rule.methods) text += '\n' + method;
  return keyed_hash({}, rule.methods.size(), text);
}

void finish_rule(const Service& service, LimitRule& rule) {
  while (!rule.path.empty() && rule.path.back() == '/') rule.path.pop_back();
  rule.bucket = BucketRule::of(rule.rate);
  rule.id = rule_id(service, rule);
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return http::to_lower(c) - 'a' + 10;
}

void drop_last_segment(std::string& path) {
  const std::size_t slash = path.rfind('/');
  path.erase(slash == std::string::npos ? 0 : slash);
}

}  // namespace

std::string plain_path(std::string_view path) {
  std::string decoded;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const bool escape = path[i] == '%' && i + 2 < path.size() && http::is_hex_char(path[i + 1]) &&
                        http::is_hex_char(path[i + 2]);
    decoded +=
        escape ? static_cast<char>(hex_value(path[i + 1]) * 16 + hex_value(path[i + 2])) : path[i];
    if (escape) i += 2;
  }
  std::string out;
  for (std::string_view rest(decoded); !rest.empty();) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (segment == "..") {
      drop_last_segment(out);
    } else if (!segment.empty() && segment != ".") {
      out.append("/").append(segment);
    }
  }
  return out.empty() ? "/" : out;
}

bool LimitRule::covers(std::string_view method, std::string_view plain) const {
  if (!methods.empty() && std::find(methods.begin(), methods.end(), method) == methods.end())
    return false;
  if (plain.substr(0, path.size()) != path) return false;
  return path.empty() || plain.size() == path.size() || plain[path.size()] == '/';
}

Guard::Guard(const Service& service, ErrorPageShelf& shelf)
    : allow_(parsed(service.shield.allow)), deny_(parsed(service.shield.deny)) {
  const Shield& shield = service.shield;
  own_.rate = shield.rate;
  own_.concurrent = shield.concurrent;
  own_.concurrent_per_client = shield.concurrent_per_client;
  finish_rule(service, own_);
  for (const RouteLimit& route : shield.routes) {
    LimitRule& rule = routes_.emplace_back();
    rule.path = route.path;
    rule.methods = route.methods;
    rule.rate = route.rate;
    rule.concurrent = route.concurrent;
    rule.concurrent_per_client = route.concurrent_per_client;
    finish_rule(service, rule);
    rule.id ^= 1;  // a route "/" is not the service itself
  }
  std::stable_sort(routes_.begin(), routes_.end(), [](const LimitRule& a, const LimitRule& b) {
    return a.path.size() > b.path.size();
  });
  if (!shield.error_pages.empty()) pages_ = shelf.pages(shield.error_pages);
}

bool Guard::idle() const {
  return allow_.empty() && deny_.empty() && !own_.limits() && routes_.empty() && pages_ == nullptr;
}

bool Guard::admits(const Address& client) const {
  if (any_contains(deny_, client)) return false;
  return allow_.empty() || any_contains(allow_, client);
}

bool Guard::limits_rates() const {
  return own_.rate.on() || std::any_of(routes_.begin(), routes_.end(),
                                       [](const LimitRule& rule) { return rule.rate.on(); });
}

const LimitRule* Guard::route_rule(std::string_view method, std::string_view path) const {
  if (routes_.empty()) return nullptr;
  const std::string plain = plain_path(path);
  for (const LimitRule& rule : routes_) {
    if (rule.covers(method, plain)) return rule.limits() ? &rule : nullptr;
  }
  return nullptr;
}

void Guard::use_error_page(const Service& service, LocalAnswer& answer) const {
  constexpr int kFirstError = 400;
  if (pages_ == nullptr || answer.status < kFirstError) return;
  const bool closed =
      service.state == ServiceState::Stopped || service.state == ServiceState::Maintenance;
  if (closed && !service.page.empty()) return;  // the page of the maintenance itself
  std::string_view message = closed ? std::string_view(service.message) : answer.body;
  if (!message.empty() && message.back() == '\n') message.remove_suffix(1);
  std::string page = pages_->text(answer.status, message);
  if (page.empty()) return;
  answer.content_type = "text/html; charset=utf-8";
  answer.body = std::move(page);
}

}  // namespace slipway::edge
